/** Listeners of TCP and UDP, and listeners that a ListenerSet adds. */
import { get } from 'node:https'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { brief, type Standalone, startTestStandalone } from '../support/standalone.js'
import { askTcp, askUdp, holdTcp, type StreamBackend, startTcpBackend, startUdpBackend } from '../support/stream-backend.js'
import { feature } from './feature.js'
import { backend, gateway } from './manifests.js'

let headgate: Standalone
let streams: readonly StreamBackend[] = []
let web: TestBackend

beforeAll(async () => {
  streams = [await startTcpBackend('tcp1'), await startTcpBackend('tcp2'), await startUdpBackend('udp1'), await startUdpBackend('udp2')]
  web = await startBackend('web')
  headgate = await startTestStandalone()
  await headgate.write('base', [...streams, web].map((each) => backend(each)).join('---'))
}, 60_000)

afterAll(async () => {
  await headgate?.stop()
  await Promise.all([...streams, ...(web === undefined ? [] : [web])].map((each) => each.close()))
})

const route = (kind: string, name: string, to: string, created: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: ${name}, creationTimestamp: "${created}"}
spec:
  parentRefs: [{name: gw}]
  rules: [{backendRefs: [{group: headgate.dev, kind: Backend, name: ${to}}]}]
`

feature(
  ['Gateway spec.listeners.port', 'Gateway spec.listeners.protocol', 'Gateway status.listeners.attachedRoutes'],
  'forwards connections and datagrams to the oldest route, on one port number for both transports',
  async () => {
    await headgate.write('gateway', gateway('gw', '[{name: t, port: 9311, protocol: TCP}, {name: u, port: 9311, protocol: UDP}]'))
    await headgate.write(
      'routes',
      [
        route('TCPRoute', 'young', 'tcp2', '2026-01-02T00:00:00Z'),
        route('TCPRoute', 'old', 'tcp1', '2026-01-01T00:00:00Z'),
        route('UDPRoute', 'young', 'udp2', '2026-01-02T00:00:00Z'),
        route('UDPRoute', 'old', 'udp1', '2026-01-01T00:00:00Z'),
      ].join('---'),
    )
    const place = headgate.place('default/gw', 9311)
    await eventually(async () => expect(await askTcp(place, 'hello')).toBe('tcp1: hello'))
    await eventually(async () => expect(await askUdp(place, 'hello')).toBe('udp1: hello'))
    for (const name of ['tcp1', 'udp1']) {
      const found = headgate.status(`Backend/default/${name}`)
      expect(found.shape === 'backend' && brief(found.conditions)).toEqual(['Accepted=True/Accepted'])
    }
    const status = headgate.status('Gateway/default/gw')
    expect(status.shape === 'gateway' && status.listeners.map((listener) => listener.attachedRoutes)).toEqual([2, 2])
    await headgate.write(
      'routes',
      [route('TCPRoute', 'young', 'tcp2', '2026-01-02T00:00:00Z'), route('UDPRoute', 'young', 'udp2', '2026-01-02T00:00:00Z')].join('---'),
    )
    await eventually(async () => expect(await askTcp(place, 'hello')).toBe('tcp2: hello'))
    await eventually(async () => expect(await askUdp(place, 'hello')).toBe('udp2: hello'))
    await headgate.remove('routes')
    await eventually(async () => expect(await askTcp(place, 'hello').catch(() => 'closed')).toBe('closed'))
  },
)

feature(
  [
    'Gateway spec.allowedListeners.namespaces.from',
    'Gateway status.attachedListenerSets',
    'Listener condition Conflicted',
    'Listener reason HostnameConflict',
  ],
  'serves the listeners of a ListenerSet beside its own, and its own first',
  async () => {
    const set = (name: string, hostnames: readonly string[]) => `
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: ${name}}
spec:
  parentRef: {name: sets}
  listeners: [${hostnames.map((host, index) => `{name: l${index}, port: 80, protocol: HTTP, hostname: ${host}}`).join(', ')}]
`
    const httpRoute = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: of-set}
spec:
  parentRefs: [{kind: ListenerSet, name: set}]
  rules: [{backendRefs: [{group: headgate.dev, kind: Backend, name: web}]}]
`
    const own = gateway('sets', '[{name: own, port: 80, protocol: HTTP, hostname: own.example.com}]')
    await headgate.write(
      'sets',
      [`${own}  allowedListeners: {namespaces: {from: Same}}\n`, set('set', ['own.example.com', 'set.example.com']), httpRoute].join('---'),
    )
    const ask = (host: string) => headgate.send('default/sets', 80, { host }).then((answer) => answer.echo?.backend ?? answer.status)
    expect(await ask('set.example.com')).toBe('web')
    expect(await ask('own.example.com')).toBe(404)
    const status = headgate.status('ListenerSet/default/set')
    if (status.shape !== 'listenerSet') throw new Error('no status of a ListenerSet')
    expect(brief(status.conditions)).toEqual(['Accepted=True/ListenersNotValid', 'Programmed=True/Programmed'])
    expect(brief(status.listeners[0]?.conditions ?? [])).toContain('Conflicted=True/HostnameConflict')
    const parent = headgate.status('Gateway/default/sets')
    expect(parent.shape === 'gateway' && parent.attachedListenerSets).toBe(1)
    await headgate.write('sets', [own, set('set', ['set.example.com']), httpRoute].join('---'))
    expect(await ask('set.example.com')).toBe(404)
  },
)

it('connects elsewhere where an endpoint takes no connections, however busy the others are', async () => {
  const gone = await startTcpBackend('gone')
  await gone.close()
  const [alive] = streams
  await headgate.write('gateway', gateway('half', '[{name: t, port: 9314, protocol: TCP}]'))
  const half = `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: half}
spec: {endpoints: [{ip: {address: 127.0.0.1, port: ${alive?.port}}}, {ip: {address: 127.0.0.1, port: ${gone.port}}}]}
`
  await headgate.write(
    'routes',
    [half, route('TCPRoute', 'half', 'half', '2026-01-01T00:00:00Z').replace('name: gw', 'name: half')].join('---'),
  )
  const place = headgate.place('default/half', 9314)
  await eventually(async () => expect(await askTcp(place, 'hello')).toBe('tcp1: hello'))
  const held: Socket[] = []
  for (let at = 0; at < 10; at++) held.push(await holdTcp(place, 'stay'))
  const answers: string[] = []
  for (let at = 0; at < 40; at++) answers.push(await askTcp(place, 'hello').catch(() => 'refused'))
  expect(new Set(answers)).toEqual(new Set(['tcp1: hello']))
  // Of clients that come at once each takes turns of the others, so chance has a say in which endpoint is tried again.
  const atOnce: string[] = []
  const client = async (): Promise<void> => {
    for (let at = 0; at < 40; at++) atOnce.push(await askTcp(place, 'hello').catch(() => 'refused'))
  }
  await Promise.all(Array.from({ length: 10 }, client))
  for (const socket of held) socket.destroy()
  expect(atOnce.filter((each) => each === 'refused').length).toBeLessThanOrEqual(2)
})

it('lets clients of a TCPRoute speak TLS with a backend that speaks it', async () => {
  const secure = await startBackend('secure', {
    kind: 'tls',
    certificate: await (await createAuthority()).issue({ dns: ['secure.example'] }),
  })
  try {
    await headgate.write('gateway', gateway('tls', '[{name: t, port: 9313, protocol: TCP}]'))
    const toSecure = route('TCPRoute', 'tls', 'secure', '2026-01-01T00:00:00Z').replace('name: gw', 'name: tls')
    await headgate.write('routes', [backend(secure, ['https']), toSecure].join('---'))
    const { address, port } = headgate.place('default/tls', 9313)
    const asked = () =>
      new Promise<number | undefined>((resolve, reject) => {
        get({ host: address, port, servername: 'secure.example', rejectUnauthorized: false, agent: false }, (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        }).on('error', reject)
      })
    await eventually(async () => expect(await asked()).toBe(200))
  } finally {
    await secure.close()
  }
})

it('passes on datagrams of as many clients as a policy about the backend says, and drops those of others', async () => {
  await headgate.write('gateway', gateway('few', '[{name: u, port: 9315, protocol: UDP}]'))
  const few = `
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: few}
spec: {targetRefs: [{group: headgate.dev, kind: Backend, name: udp1}], circuitBreaker: {maxConnections: 3}}
`
  await headgate.write(
    'routes',
    [few, route('UDPRoute', 'few', 'udp1', '2026-01-01T00:00:00Z').replace('name: gw', 'name: few')].join('---'),
  )
  const place = headgate.place('default/few', 9315)
  const answers: (string | undefined)[] = []
  await eventually(async () => {
    answers.push(await askUdp(place, 'hello'))
    expect(answers.at(-1)).toBe('udp1: hello')
  })
  for (let at = 0; at < 5; at++) answers.push(await askUdp(place, 'hello', 300))
  expect(answers.filter((each) => each !== undefined).length).toBeLessThanOrEqual(3)
  expect(answers.slice(-2)).toEqual([undefined, undefined])
})

it('forwards datagrams of every size, and answers of every size', async () => {
  await headgate.write('gateway', gateway('large', '[{name: u, port: 9312, protocol: UDP}]'))
  await headgate.write('routes', route('UDPRoute', 'large', 'udp1', '2026-01-01T00:00:00Z').replace('name: gw', 'name: large'))
  const place = headgate.place('default/large', 9312)
  await eventually(async () => expect(await askUdp(place, 'hello')).toBe('udp1: hello'))
  // A datagram over IPv4 holds at most 65,507 bytes, the answer is six longer.
  for (const bytes of [1_400, 1_500, 4_096, 9_000, 65_501]) {
    const text = 'x'.repeat(bytes)
    expect((await askUdp(place, text))?.length).toBe(bytes + 6)
  }
})
