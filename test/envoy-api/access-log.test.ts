/** Which requests a real Envoy writes a line about. */
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ACCESS_LOG_MODES, type AccessLogMode } from '../../src/xds/translate/telemetry/access-log-mode.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { send } from '../support/http-client.js'
import { GROUP, serve } from '../xds/support/fixture.js'
import { startEnvoy } from '../xds/support/real-envoy.js'
import {
  cluster,
  endpoint,
  endpoints,
  forward,
  host,
  port,
  prefix,
  route,
  routeTable,
  streamChain,
  translate,
  virtualHost,
  weighted,
} from './ir-fixtures.js'

let backend: TestBackend
beforeAll(async () => {
  backend = await startBackend('a')
}, 60_000)
afterAll(() => backend?.close())

const answer = (statusCode: number) =>
  route({ name: String(statusCode), match: prefix(`/${statusCode}`), action: { kind: 'directResponse', statusCode, body: '' } })
/** No endpoints: Envoy answers 503 by itself. */
const nowhere = route({ name: 'nowhere', match: prefix('/nowhere'), action: forward({ clusters: [weighted('none')] }) })

interface Line {
  readonly path: string
  readonly status: number
  readonly response_flags?: string
}

/** The lines that are written for these requests, once there are as many paths among them as wanted. */
async function logged(accessLog: AccessLogMode, paths: readonly string[], wanted: number): Promise<readonly Line[]> {
  const boundPort = await freePort()
  const resources = translate(
    {
      ports: [port({ boundPort })],
      routeTables: [routeTable()],
      virtualHosts: [virtualHost([answer(200), answer(404), answer(500), nowhere, route()], { domain: host('a.test') })],
      clusters: [cluster('a'), cluster('none')],
      endpoints: [endpoints('a', endpoint(backend.port)), endpoints('none')],
    },
    { accessLog },
  )
  await using fixture = await serve(resources)
  await using envoy = await startEnvoy({ xds: { port: fixture.port }, keepsOutput: true })
  await eventually(() => expect(fixture.server.tracker.acknowledgedRevision(GROUP)).toBe(fixture.cache.revision(GROUP)), 20_000)
  const ask = (path: string) => send({ address: '127.0.0.1', port: boundPort, host: 'a.test', path })
  await eventually(async () => expect((await ask('/200?secret=x')).status).toBe(200), 20_000)
  for (const path of paths) await ask(path)
  const lines = () =>
    envoy
      .output()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  await eventually(() => expect(new Set(lines().map(({ path }) => path)).size).toBeGreaterThanOrEqual(wanted), 20_000)
  return lines()
}

/** Who comes for a name that nobody has, by TLS. */
function shakeHands(boundPort: number, servername: string): Promise<void> {
  return new Promise((resolve) => {
    connect({ host: '127.0.0.1', port: boundPort, servername })
      .once('error', () => resolve())
      .once('close', () => resolve())
  })
}

describe.each(['all', 'errors'] as const)('access log of a port with TLS: %s', (accessLog) => {
  it('says who came for a name that nobody has', async () => {
    const boundPort = await freePort()
    const chain = streamChain({ name: 'tls/a.test', encrypted: true, serverNames: [host('a.test')] })
    await using fixture = await serve(translate({ ports: [port({ boundPort, chains: [chain] })] }, { accessLog }))
    await using envoy = await startEnvoy({ xds: { port: fixture.port }, keepsOutput: true })
    await eventually(() => expect(fixture.server.tracker.acknowledgedRevision(GROUP)).toBe(fixture.cache.revision(GROUP)), 20_000)
    await shakeHands(boundPort, 'b.test')
    await eventually(() => expect(envoy.output()).toContain('\n'), 20_000)
    const [line = ''] = envoy.output().split('\n')
    expect(JSON.parse(line)).toMatchObject({ server_name: 'b.test', response_flags: 'NR', port: boundPort })
  }, 60_000)
})

describe.each(ACCESS_LOG_MODES)('access log: %s', (mode) => {
  it('writes about what it shall', async () => {
    const wanted = { all: ['/200', '/x', '/404', '/500', '/nowhere'], errors: ['/500', '/nowhere'], off: [] }[mode]
    const lines = await logged(mode, ['/x', '/404', '/500', '/nowhere'], wanted.length)
    expect([...new Set(lines.map(({ path }) => path))]).toEqual(wanted)
    if (mode !== 'off') expect(lines.at(-1)).toMatchObject({ path: '/nowhere', status: 503, response_flags: 'UH' })
    expect(JSON.stringify(lines)).not.toContain('secret')
  }, 60_000)
})
