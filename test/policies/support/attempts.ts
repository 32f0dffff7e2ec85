/** What attackers try, each first shown to succeed where nothing guards. */
import { expect } from '@jest/globals'
import { httpRoute, to, under } from '../../features/manifests.js'
import type { World } from '../../features/world.js'
import { sendRaw } from '../raw-http.js'

/** One way to ask for what is guarded. */
export interface Attempt {
  readonly how: string
  readonly bytes: string
}

/** A route with the guarded rule `admin` below `/admin`, which leads to the backend `secret`; everything else leads to `open`. */
export const GUARDED_ROUTE: string = httpRoute('r', `[${under('/admin', `name: admin, ${to('secret')}`)}, {${to('open')}}]`)

/** The target of a policy: the guarded rule. */
export const ABOUT_GUARDED_RULE = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: admin}]'

/** A SecurityPolicy in flow style. */
export function securityPolicy(spec: string, name = 'p'): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: ${name}}
spec: {${spec}}
`
}

/** A request in raw bytes: a request line, and headers behind `host`. */
export function rawRequest(line: string, ...headers: readonly string[]): string {
  return `${[line, 'host: example.com', ...headers].join('\r\n')}\r\n\r\n`
}

/** Ways to write a request for `/admin` that a rule about `/admin` matches, with the same headers each. */
export function pathAttempts(...headers: readonly string[]): readonly Attempt[] {
  const lines = [
    'GET /admin HTTP/1.1',
    'GET /admin/ HTTP/1.1',
    'GET /admin/x HTTP/1.1',
    'GET //admin HTTP/1.1',
    'GET /./admin HTTP/1.1',
    'GET /x/../admin HTTP/1.1',
    'GET /%61dmin HTTP/1.1',
    'GET /x/%2e%2e/admin HTTP/1.1',
    'GET /admin?x=/ HTTP/1.1',
    'GET http://example.com/admin HTTP/1.1',
    'HEAD /admin HTTP/1.1',
    'OPTIONS /admin HTTP/1.1',
  ]
  return [
    ...lines.map((line) => ({ how: line, bytes: rawRequest(line, ...headers) })),
    { how: 'another host', bytes: `GET /admin HTTP/1.1\r\n${['host: other.example', ...headers].join('\r\n')}\r\n\r\n` },
    { how: 'a host with a port', bytes: `GET /admin HTTP/1.1\r\n${['host: example.com:80', ...headers].join('\r\n')}\r\n\r\n` },
    { how: 'a host in capitals', bytes: `GET /admin HTTP/1.1\r\n${['host: EXAMPLE.COM', ...headers].join('\r\n')}\r\n\r\n` },
    {
      how: 'a preflight request',
      bytes: rawRequest('OPTIONS /admin HTTP/1.1', 'origin: https://a.example', 'access-control-request-method: GET', ...headers),
    },
    {
      how: 'a path in a header of Envoy',
      bytes: rawRequest('GET /admin HTTP/1.1', 'x-envoy-original-path: /', 'x-original-url: /', ...headers),
    },
    { how: 'a chunked body', bytes: `${rawRequest('POST /admin HTTP/1.1', 'transfer-encoding: chunked', ...headers)}2\r\n{}\r\n0\r\n\r\n` },
    {
      how: 'an upgrade',
      bytes: rawRequest(
        'GET /admin HTTP/1.1',
        'connection: upgrade',
        'upgrade: websocket',
        'sec-websocket-version: 13',
        'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers,
      ),
    },
  ]
}

/** Who answers: `secret` is what an attacker wants. */
async function answererOf(world: World, bytes: string): Promise<string | number> {
  const { status, text } = await sendRaw(world.headgate.place('default/gw', 80), bytes)
  if (status !== 200 && status !== 101) return status
  // HEAD has no body: the backend is known by what it saw.
  return /"backend":"([a-z]+)"/.exec(text)?.[1] ?? (world.backend('secret').requests.length > 0 ? 'secret' : status)
}

/**
 * Every attempt must reach the backend `secret` without the guard, and none with it.
 *
 * @param guard the spec of a SecurityPolicy about the guarded rule
 * @param refused what a refused attempt may get
 */
export async function expectNoneSucceed(
  world: World,
  guard: string,
  attempts: readonly Attempt[],
  refused: readonly number[],
  ...objects: readonly string[]
): Promise<void> {
  await world.write(GUARDED_ROUTE, ...objects)
  const without = await Promise.all(attempts.map(async ({ how, bytes }) => [how, await answererOf(world, bytes)]))
  expect(without).toEqual(attempts.map(({ how }) => [how, 'secret']))
  await world.write(GUARDED_ROUTE, ...objects, securityPolicy(guard))
  expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
  const seen = world.backend('secret').requests.length
  const withGuard = await Promise.all(
    attempts.map(async ({ how, bytes }) => [how, refused.includes((await sendRaw(world.headgate.place('default/gw', 80), bytes)).status)]),
  )
  expect(withGuard).toEqual(attempts.map(({ how }) => [how, true]))
  expect(world.backend('secret').requests).toHaveLength(seen)
}
