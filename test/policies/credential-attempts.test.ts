/** Credentials that a gateway adds to requests: whatever a client writes, the backend sees the credential of the gateway, and the client never does. */
import { expect, it } from '@jest/globals'
import { httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { sendRaw } from './raw-http.js'
import { rawRequest } from './support/attempts.js'

const world = featureWorld(['inner', 'open'])
const HIDDEN = 'Bearer hidden-from-clients'
const uses = 'filters: [{type: ExtensionRef, extensionRef: {group: headgate.dev, kind: HTTPRouteFilter, name: f}}], '
const route = (filters = ''): string => httpRoute('r', `[${under('/f', `${filters}${to('inner')}`)}, {${to('open')}}]`)
const FILTER = `
apiVersion: headgate.dev/v1alpha1
kind: HTTPRouteFilter
metadata: {name: f}
spec: {credentialInjection: {overwrite: true, credential: {valueRef: {name: key}}}}
`
const SECRET = `
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {credential: "${HIDDEN}"}
`

const MINE = 'authorization: mine'
const ATTEMPTS: Readonly<Record<string, string>> = {
  'a credential of its own': rawRequest('GET /f HTTP/1.1', MINE),
  'in capitals': rawRequest('GET /f HTTP/1.1', 'AUTHORIZATION: mine'),
  'without a blank': rawRequest('GET /f HTTP/1.1', 'authorization:mine'),
  'with blanks around it': rawRequest('GET /f HTTP/1.1', 'authorization:    mine   '),
  'in two lines': rawRequest('GET /f HTTP/1.1', MINE, MINE),
  'in two ways to write it': rawRequest('GET /f HTTP/1.1', MINE, 'Authorization: mine'),
  'in a list': rawRequest('GET /f HTTP/1.1', 'authorization: mine, mine'),
  'behind an empty one': rawRequest('GET /f HTTP/1.1', 'authorization: ', MINE),
  'with a path in another spelling': rawRequest('GET //f HTTP/1.1', MINE),
  'with dots in the path': rawRequest('GET /x/../f HTTP/1.1', MINE),
  'with an escaped path': rawRequest('GET /%66 HTTP/1.1', MINE),
  'with a path below': rawRequest('GET /f/x?y=1 HTTP/1.1', MINE),
  'with an absolute URL': rawRequest('GET http://example.com/f HTTP/1.1', MINE),
  'with a host in capitals': `GET /f HTTP/1.1\r\nhost: EXAMPLE.com\r\n${MINE}\r\n\r\n`,
  'with a port': `GET /f HTTP/1.1\r\nhost: example.com:80\r\n${MINE}\r\n\r\n`,
  'by another method': rawRequest('DELETE /f HTTP/1.1', MINE),
  'by HEAD': rawRequest('HEAD /f HTTP/1.1', MINE),
  'with a chunked body': `${rawRequest('POST /f HTTP/1.1', MINE, 'transfer-encoding: chunked')}2\r\n{}\r\n0\r\n\r\n`,
  'with headers of Envoy': rawRequest('GET /f HTTP/1.1', MINE, 'x-envoy-original-path: /', 'x-original-url: /', 'x-envoy-internal: true'),
  'before a preflight is answered': rawRequest(
    'OPTIONS /f HTTP/1.1',
    MINE,
    'origin: http://a.example',
    'access-control-request-method: GET',
  ),
}

/** What the backend saw of each attempt, and what came back. */
async function outcome(bytes: string): Promise<{ readonly seen: unknown; readonly text: string }> {
  const { requests } = world.backend('inner')
  const before = requests.length
  const { text } = await sendRaw(world.headgate.place('default/gw', 80), bytes)
  expect(requests.length).toBe(before + 1)
  return { seen: requests.at(-1)?.headers.authorization, text }
}

it('the backend sees no other credential', async () => {
  await world.write(route())
  for (const [how, bytes] of Object.entries(ATTEMPTS))
    expect([how, (await outcome(bytes)).seen]).toEqual([how, expect.stringContaining('mine')])
  await world.write(route(uses), FILTER, SECRET)
  await eventually(async () => expect((await world.ask({ path: '/f' })).echo?.headers.authorization).toBe(HIDDEN))
  for (const [how, bytes] of Object.entries(ATTEMPTS)) expect([how, (await outcome(bytes)).seen]).toEqual([how, HIDDEN])
  const client = world.headgate.http2('default/gw', 80)
  try {
    const { echo } = await client.send({ host: 'example.com', path: '/f', headers: { authorization: 'mine' } })
    expect(echo?.headers.authorization).toBe(HIDDEN)
  } finally {
    client.close()
  }
}, 90_000)

it('nobody gets rid of it', async () => {
  await world.write(route(uses), FILTER, SECRET)
  await eventually(async () => expect((await world.ask({ path: '/f' })).echo?.headers.authorization).toBe(HIDDEN))
  for (const header of [
    'connection: authorization',
    'connection: close, authorization',
    'proxy-connection: authorization',
    'authorization: ',
  ]) {
    expect([header, (await outcome(rawRequest('GET /f HTTP/1.1', header))).seen]).toEqual([header, HIDDEN])
  }
}, 60_000)

it('no client gets it: not by another rule, an answer of the proxy, or a protocol that shows requests', async () => {
  await world.write(route(uses), FILTER, SECRET)
  await eventually(async () => expect((await world.ask({ path: '/f' })).echo?.headers.authorization).toBe(HIDDEN))
  const place = world.headgate.place('default/gw', 80)
  for (const bytes of [
    rawRequest('GET / HTTP/1.1'),
    rawRequest('GET /ff HTTP/1.1'),
    rawRequest('GET /F HTTP/1.1'),
    rawRequest('GET /f/../ HTTP/1.1'),
    rawRequest('TRACE / HTTP/1.1', 'max-forwards: 0'),
    'GET /f HTTP/1.1\r\n\r\n',
    'GET /f HTTP/1.0\r\n\r\n',
    rawRequest('GET /f HTTP/1.1', 'transfer-encoding: nonsense'),
    rawRequest('GET /f HTTP/1.1', 'content-length: 1', 'content-length: 2'),
    rawRequest('GET /f\0 HTTP/1.1'),
    rawRequest('OPTIONS * HTTP/1.1'),
    rawRequest('GET /?f=/f HTTP/1.1', 'x-envoy-original-path: /f'),
  ]) {
    const { text } = await sendRaw(place, bytes)
    expect([bytes, text.includes('hidden-from-clients')]).toEqual([bytes, false])
  }
}, 60_000)
