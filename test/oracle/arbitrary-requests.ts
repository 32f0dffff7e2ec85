/** Requests that come near to what arbitrary routes are about. */
import fc from 'fast-check'
import type { Request } from './objects.js'
import { some } from './some.js'

/** How long slow backends take. */
export const DELAY_MS = 2500

const HOSTS = [
  'a.test',
  'A.test',
  'b.a.test',
  'b.a.test:8080',
  'x.b.a.test',
  'c.a.test',
  'c.a.test:80',
  'd.test',
  'other.example',
  'e.example',
  // Hosts that no listener and no route names.
  'e.example:8080',
  'y.a.test:81',
]

/** The port, and over TLS a name that is most often that of the host. */
const place: fc.Arbitrary<Pick<Request, 'port' | 'host' | 'serverName'>> = fc
  .record({
    port: fc.constantFrom(80, 80, 80, 80, 8080, 443, 443, 8443),
    host: fc.constantFrom(...HOSTS),
    other: fc.constantFrom(undefined, undefined, 'b.a.test', 'x.b.a.test', 'z.a.test', 'd.test', 'a.test'),
  })
  .map(({ port, host, other }) => {
    if (port === 80 || port === 8080) return { port, host }
    return { port, host, serverName: other ?? host.replace(/:\d+$/, '').toLowerCase() }
  })

const headers = fc.constantFrom<Request['headers']>(
  {},
  { 'x-a': '1' },
  { 'x-a': '1', 'x-b': '7', 'x-c': 'a b' },
  { 'x-a': '2', 'x-b': '7' },
  { 'x-c': 'a b', accept: 'text/html' },
  { 'x-b': 'no', via: '1.1 me' },
  { 'x-a': '1', origin: 'https://app.test' },
  { 'x-a': '2', origin: 'http://app.test:8080' },
)

const plain: fc.Arbitrary<Request> = fc
  .record({
    place,
    method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'PUT'),
    isHttp2: fc.boolean(),
    path: fc.constantFrom('/', '/a', '/a', '/a/', '/a/b', '/a/b/', '/a/b/c', '/ab', '/b', '/a.b', '/axb', '/a%20b', '/a%20b/c'),
    headers,
    own: fc.constantFrom('', '', '', 'q=1', 'Q=1', 'r=xyz&q=1', 's=a%20b', 's=a+b', 'r=no'),
    answers: fc.constantFrom('', '', 'header=x-a:9', 'header=x-b:8&header=x-c:7'),
    trouble: fc.oneof(
      { weight: 20, arbitrary: fc.constant('') },
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          'failFirst=1&status=503',
          'failFirst=2&status=503',
          'failFirst=3&status=503',
          'failFirst=1&status=500',
          'status=404',
        ),
      },
      { weight: 2, arbitrary: fc.constant(`delayMs=${DELAY_MS}`) },
    ),
  })
  .map(({ place: at, own, answers, trouble, ...fields }) => ({
    ...fields,
    ...at,
    query: [own, answers, trouble].filter((each) => each !== '').join('&'),
  }))

/** Browsers that ask beforehand. */
const preflight: fc.Arbitrary<Request> = fc
  .record({
    request: plain,
    origin: fc.constantFrom('https://app.test', 'http://app.test:8080', 'https://x.y.app.test', 'https://other.test', 'https://evil.test'),
    asked: fc.constantFrom('PUT', 'GET', 'DELETE'),
    askedHeaders: fc.constantFrom(undefined, 'x-a', 'x-a,x-b'),
  })
  .map(({ request: { headers: own, ...request }, origin, asked, askedHeaders }) => ({
    ...request,
    method: 'OPTIONS',
    query: '',
    headers: some<Record<string, string>>({
      ...own,
      origin,
      'access-control-request-method': asked,
      'access-control-request-headers': askedHeaders,
    }),
  }))

/** Calls of gRPC. */
const call: fc.Arbitrary<Request> = fc
  .record({
    place,
    method: fc.constant('POST'),
    isHttp2: fc.constant(true),
    path: fc.constantFrom('/a/b', '/a/b', '/a/c', '/x.Y/b', '/x.Y/d', '/z/c'),
    headers,
    type: fc.constantFrom('application/grpc', 'application/grpc+proto'),
  })
  .map(({ place: at, type, headers: own, ...fields }) => ({
    ...fields,
    ...at,
    query: '',
    headers: { ...own, 'content-type': type, te: 'trailers' },
  }))

/** A request: its query holds what backends shall do. */
export const request: fc.Arbitrary<Request> = fc.oneof(
  { weight: 7, arbitrary: plain },
  { weight: 1, arbitrary: preflight },
  { weight: 3, arbitrary: call },
)
