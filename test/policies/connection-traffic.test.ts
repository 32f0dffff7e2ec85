/** BackendTrafficPolicy: what it says about connections of TCPRoutes and TLSRoutes, shown by what backends see of them. */
import { expect, it } from '@jest/globals'
import { backend, gateway, ref } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { policy, said, several } from './backend-traffic.js'
import { type RawBackend, startRawBackend } from './raw-backend.js'
import { sendRaw } from './raw-http.js'

const TCP = '{name: tcp, port: 9000, protocol: TCP}'
const TLS = '{name: tls, port: 9443, protocol: TLS, hostname: pass.example.com, tls: {mode: Passthrough}}'
const UDP = '{name: udp, port: 9000, protocol: UDP}'
const world = featureWorld(['a', 'b', 'c'], () => gateway('gw', `[${TCP}, ${TLS}, ${UDP}]`))

const route = (kind: 'TCPRoute' | 'TLSRoute', to: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: r}
spec: {parentRefs: [{name: gw}], ${kind === 'TLSRoute' ? 'hostnames: [pass.example.com], ' : ''}rules: [{name: main, backendRefs: [{${ref(to)}}]}]}
`
const about = (kind: string, name: string, section = ''): string =>
  `targetRefs: [{group: gateway.networking.k8s.io, kind: ${kind}, name: ${name}${section === '' ? '' : `, sectionName: ${section}`}}]`
const GOOD = ['Accepted=True/Accepted']

/** The first bytes that a backend gets. */
async function firstBytes(raw: RawBackend, port: number, options: Parameters<typeof sendRaw>[2] = {}): Promise<string> {
  const before = raw.connections.length
  void sendRaw(world.headgate.place('default/gw', port), 'GET / HTTP/1.1\r\n\r\n', options)
  await eventually(() => expect(raw.connections[before]?.received().length).toBeGreaterThan(11))
  return raw.connections[before]?.received().subarray(0, 12).toString('latin1') ?? ''
}
const V1 = 'PROXY TCP4 1'
const V2 = '\r\n\r\n\0\r\nQUIT\n'

it('holds for the connections of a Gateway, and more narrowly for those of a listener and of a route', async () => {
  const raw = await startRawBackend('raw')
  const version = (target: string, name: string, which: string): string => policy(`${target}, proxyProtocol: {version: ${which}}`, name)
  const objects = [backend(raw), route('TCPRoute', 'raw')]
  try {
    await world.write(...objects)
    expect(await firstBytes(raw, 9000)).toBe('GET / HTTP/1')
    await world.write(...objects, version(about('Gateway', 'gw'), 'p', 'V1'))
    expect(said(world)).toEqual(GOOD)
    expect(await firstBytes(raw, 9000)).toBe(V1)
    await world.write(...objects, version(about('Gateway', 'gw'), 'p', 'V1'), version(about('Gateway', 'gw', 'tcp'), 'q', 'V2'))
    expect(await firstBytes(raw, 9000)).toBe(V2)
    const narrowest = version(about('TCPRoute', 'r'), 'q', 'V1')
    await world.write(...objects, version(about('Gateway', 'gw', 'tcp'), 'p', 'V2'), narrowest)
    expect([said(world), said(world, 'q')]).toEqual([['Accepted=True/Accepted', 'Overridden=True/Overridden'], GOOD])
    expect(await firstBytes(raw, 9000)).toBe(V1)
    await world.write(...objects, version(about('TCPRoute', 'r', 'main'), 'p', 'V2'), narrowest)
    expect([said(world), said(world, 'q')]).toEqual([GOOD, ['Accepted=True/Accepted', 'Overridden=True/Overridden']])
    expect(await firstBytes(raw, 9000)).toBe(V2)
    await world.write(backend(raw), route('TLSRoute', 'raw'), version(about('TLSRoute', 'r'), 'p', 'V2'))
    expect(said(world)).toEqual(GOOD)
    expect(await firstBytes(raw, 9443, { tls: { servername: 'pass.example.com' } })).toBe(V2)
  } finally {
    await raw.close()
  }
}, 60_000)

it('keeps clients of one address at one endpoint, and shares addresses out', async () => {
  const endpoints = several(
    'all',
    ['a', 'b', 'c'].map((name) => ({ port: world.backend(name).port })),
  )
  const hash = (type: string): string => `loadBalancer: {type: ConsistentHash, consistentHash: {${type}}}`
  const who = async (localAddress: string): Promise<string> => {
    const bytes = 'GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n'
    const { text } = await sendRaw(world.headgate.place('default/gw', 9000), bytes, { localAddress })
    return /"backend":"([a-z])"/.exec(text)?.[1] ?? text
  }
  const addresses = Array.from({ length: 12 }, (_, at) => `127.0.1.${at + 1}`)
  const once = () => Promise.all(addresses.map(who))
  await world.write(endpoints, route('TCPRoute', 'all'), policy(`${about('TCPRoute', 'r')}, ${hash('type: SourceIP')}`))
  expect(said(world)).toEqual(GOOD)
  const first = await once()
  expect([...new Set(first)].sort()).toEqual(['a', 'b', 'c'])
  for (let at = 0; at < 4; at++) expect(await once()).toEqual(first)
  await world.write(endpoints, route('TCPRoute', 'all'), policy(`${about('TCPRoute', 'r')}, ${hash('type: Header, header: x-a')}`))
  expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
}, 60_000)

it('asks in HTTP what is behind connections only where a policy is about it', async () => {
  const raw = await startRawBackend('raw', (text) =>
    text.includes('GET /well') ? 'no HTTP at all' : 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
  )
  const check = 'healthCheck: {panicThreshold: 0, active: {type: HTTP, interval: 100ms, unhealthyThreshold: 1, http: {path: /well}}}'
  const answer = async (): Promise<number> => (await world.ask({ port: 9000 }).catch(() => ({ status: 0 }))).status
  try {
    await world.write(backend(raw), route('TCPRoute', 'raw'), policy(`${about('Gateway', 'gw')}, ${check}`))
    expect(said(world)).toEqual(['Accepted=True/Accepted', 'PartiallyInvalid=True/UnsupportedValue'])
    expect(await answer()).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await answer()).toBe(200)
    await world.write(backend(raw), route('TCPRoute', 'raw'), policy(`targetRefs: [{${ref('raw')}}], ${check}`))
    expect(said(world)).toEqual(GOOD)
    await eventually(async () => expect(await answer()).toBe(0), 20_000)
  } finally {
    await raw.close()
  }
}, 60_000)

it('says nothing about requests of connections', async () => {
  await world.write(
    route('TCPRoute', 'a'),
    policy(`${about('TCPRoute', 'r')}, retry: {numRetries: 1}, circuitBreaker: {maxConnections: 9}`),
  )
  expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
  expect(JSON.stringify(world.stored('BackendTrafficPolicy/default/p'))).toContain('retry.numRetries: these routes forward connections')
  expect(await world.answerer({ port: 9000 })).toBe('a')
  await world.write(route('TCPRoute', 'a'), policy(`${about('Gateway', 'gw')}, retry: {numRetries: 1}`))
  expect(said(world)).toEqual(GOOD)
}, 60_000)
