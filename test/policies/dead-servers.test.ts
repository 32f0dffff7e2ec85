/** Servers that Envoy asks about requests, one of whose two endpoints takes no connections, or is gone without a word. */
import { afterAll, describe, expect, it } from '@jest/globals'
import { gateway, httpRoute, ref, to } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { type AuthServer, startAuthServer } from '../support/auth-server.js'
import { type ExtProcServer, startExtProcServer } from '../support/ext-proc-server.js'
import { freePort } from '../support/free-port.js'
import { ABOUT_ROUTE } from './backend-traffic.js'
import { securityPolicy } from './support/attempts.js'
import { fullListener } from './support/full-listener.js'

let grpcServer: AuthServer | undefined
let processor: ExtProcServer | undefined
const world = featureWorld(['app', 'check'], async () => {
  grpcServer = await startAuthServer('check')
  processor = await startExtProcServer('processor')
  return ''
})
afterAll(() => {
  grpcServer?.close()
  processor?.close()
})

const TRIES = 20
const GATEWAY = gateway('gw')
const ROUTE = httpRoute('r', `[{${to('app')}}]`)

const H2C = ', appProtocols: [kubernetes.io/h2c]'

/** A Backend of which nobody listens at one of the two endpoints, or nobody says no. */
async function half(port: number | undefined, protocol = '', dead?: number): Promise<string> {
  const ports = [dead ?? (await freePort()), port].map((each) => `{ip: {address: 127.0.0.1, port: ${each}}}`)
  return `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: half}
spec: {endpoints: [${ports.join(', ')}]${protocol}}
`
}

const speaking = {
  http: () => half(world.backend('check').port),
  authorization: () => half(grpcServer?.port, H2C),
  processing: () => half(processor?.port, H2C),
}

const filter = (protocol: string, backend = 'half'): string =>
  `{type: ExternalAuth, externalAuth: {protocol: ${protocol}, backendRef: {${ref(backend)}}, ${protocol.toLowerCase()}: {}}}`
const policy = (server: string, more = ''): string =>
  securityPolicy(`${ABOUT_ROUTE}, extAuth: {${server}: {backendRef: {${ref('half')}}}${more}}`)
const SEES_BODIES = ', bodyToExtAuth: {maxRequestBytes: 500000}'

describe('another endpoint is asked', () => {
  const rows: readonly (readonly [who: string, speaks: keyof typeof speaking, objects: readonly string[]])[] = [
    ['a filter of a rule, over HTTP', 'http', [GATEWAY, httpRoute('r', `[{filters: [${filter('HTTP')}], ${to('app')}}]`)]],
    ['a filter of a rule, over gRPC', 'authorization', [GATEWAY, httpRoute('r', `[{filters: [${filter('GRPC')}], ${to('app')}}]`)]],
    ['a policy, over HTTP', 'http', [GATEWAY, ROUTE, policy('http')]],
    ['a policy that shows it bodies, over HTTP', 'http', [GATEWAY, ROUTE, policy('http', SEES_BODIES)]],
    ['a policy, over gRPC', 'authorization', [GATEWAY, ROUTE, policy('grpc')]],
    ['a policy that shows it bodies, over gRPC', 'authorization', [GATEWAY, ROUTE, policy('grpc', SEES_BODIES)]],
    [
      'a filter of a listener',
      'authorization',
      [gateway('gw', `[{name: http, port: 80, protocol: HTTP, filters: {requests: [${filter('GRPC')}]}}]`), ROUTE],
    ],
    [
      'external processing',
      'processing',
      [
        GATEWAY,
        ROUTE,
        `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: e}
spec: {${ABOUT_ROUTE}, extProc: [{backendRef: {${ref('half')}}, processingMode: {request: {body: Buffered}}}]}
`,
      ],
    ],
  ]
  it.each(rows)('of %s', async (_who, speaks, objects) => {
    await world.write(await speaking[speaks](), ...objects)
    const statuses: number[] = []
    for (let at = 0; at < TRIES; at += 1)
      statuses.push((await world.ask({ method: 'POST', path: '/?bytes=1', body: 'x'.repeat(60_000) })).status)
    expect(statuses.filter((status) => status !== 200)).toEqual([])
  })
})

describe('another endpoint is asked in time where one is gone without a word', () => {
  const rows: readonly (readonly [who: string, objects: (dead: number) => Promise<readonly string[]>])[] = [
    ['of a backend', async (dead) => [await half(world.backend('app').port, '', dead), httpRoute('r', `[{${to('half')}}]`)]],
    ['of a policy, over HTTP', async (dead) => [await half(world.backend('check').port, '', dead), ROUTE, policy('http')]],
    ['of a policy, over gRPC', async (dead) => [await half(grpcServer?.port, H2C, dead), ROUTE, policy('grpc')]],
  ]
  it.each(rows)('%s', async (_who, objects) => {
    const gone = await fullListener()
    try {
      await world.write(GATEWAY, ...(await objects(gone.port)))
      await gone.full()
      const began = performance.now()
      const answers = await Promise.all(Array.from({ length: TRIES }, () => world.ask({ timeoutMs: 20_000 })))
      expect(answers.filter(({ status }) => status !== 200)).toEqual([])
      // Somebody asked there, so that this has shown something.
      expect(performance.now() - began).toBeGreaterThan(1_000)
    } finally {
      await gone.close()
    }
  })
})

describe('a server that has got the question', () => {
  it('is not asked again, whatever it says', async () => {
    await world.write(GATEWAY, httpRoute('r', `[{filters: [${filter('HTTP', 'check')}], ${to('app')}}]`))
    const { requests } = world.backend('check')
    const before = requests.length
    expect((await world.ask({ path: '/?status=503' })).status).toBe(403)
    expect(requests.length - before).toBe(1)
  })

  it('may take as long as it may', async () => {
    await world.write(GATEWAY, httpRoute('r', `[{filters: [${filter('HTTP', 'check')}], ${to('app')}}]`))
    expect((await world.ask({ path: '/?delayMs=600' })).status).toBe(200)
  })
})
