/**
 * `npm run bench:data-path [-- --hosts 100,5000 --pairs 10 --seconds 2 --packing rds,scoped --access-log errors]`: what our listeners,
 * routes and clusters cost a request. An Envoy with our default settings, given by our control plane, against a bare Envoy
 * with a static file; both forward to the same backend; the load generator is wrk. Exact and wildcard hosts, few and many.
 *
 * Prints ratios; LONG=1 writes docs/reports/bench-data-path.json.
 */
import { parseArgs } from 'node:util'
import { routePacking } from '../../src/config/option-values.js'
import { ACCESS_LOG_MODES } from '../../src/xds/translate/access-log-mode.js'
import {
  cluster,
  endpoint,
  endpoints,
  forward,
  host,
  port as irPort,
  route,
  routeTable,
  translate,
  virtualHost,
} from '../../test/envoy-api/ir-fixtures.js'
import { freePort } from '../../test/support/free-port.js'
import { GROUP, serve } from '../../test/xds/support/fixture.js'
import { startEnvoy } from '../../test/xds/support/real-envoy.js'
import { type BareEnvoy, startBareProxy, startDirectBackend } from '../data-path/bare-envoy.js'
import { measurePairs, pin, type Ratios } from '../data-path/measure.js'
import { writeReport } from '../lib/report.js'

/** Hosts that requests are sent to, of those that exist. */
const ASKED = 50
const READY_MS = 60_000

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '100,5000' },
    kinds: { type: 'string', default: 'exact,wildcard' },
    packing: { type: 'string', default: 'rds,scoped' },
    pairs: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '2' },
    'access-log': { type: 'string', default: 'errors' },
  },
})
const accessLog = ACCESS_LOG_MODES.find((mode) => mode === values['access-log'])
if (accessLog === undefined) throw new Error(`--access-log is one of ${ACCESS_LOG_MODES.join(', ')}`)

interface Row extends Ratios {
  readonly kind: string
  readonly hosts: number
  readonly packing: string
}

const rows: Row[] = []
console.log('   kind  hosts  packing  requests/s    p99  cpu/request   (bare: requests/s, p99, cpu)')
for (const kind of values.kinds.split(',')) {
  for (const hosts of values.hosts.split(',').map(Number)) {
    for (const packing of values.packing.split(',')) {
      const row = { kind, hosts, packing, ...(await measure(kind, hosts, packing)) }
      rows.push(row)
      print(row)
    }
  }
}
if (process.env.LONG === '1') {
  const figures = rows.flatMap(({ kind, hosts, packing, requestsPerSecond, p99, cpuPerRequest }) =>
    Object.entries({ requestsPerSecond, p99, cpuPerRequest }).map(
      ([name, value]) => [`${kind} ${hosts} ${packing} ${name}`, value] as const,
    ),
  )
  writeReport('bench-data-path', 'npm run bench:data-path', Object.fromEntries(figures))
}

async function measure(kind: string, count: number, packing: string): Promise<Ratios> {
  const domains = Array.from({ length: count }, (_, index) => (kind === 'exact' ? `h${index}.example.com` : `*.h${index}.example.com`))
  const backendPort = await freePort()
  await using backend = await startDirectBackend(backendPort)
  await using bare = await startBareProxy(await freePort(), domains, backendPort)
  const boundPort = await freePort()
  const resources = translate(
    {
      ports: [irPort({ boundPort })],
      routeTables: [routeTable()],
      // As an HTTPRoute with a Service becomes it: its rule takes WebSockets as well.
      virtualHosts: domains.map((domain) =>
        virtualHost([route({ action: forward({ upgrades: ['websocket'] }) })], { domain: host(domain) }),
      ),
      clusters: [cluster('a')],
      endpoints: [endpoints('a', endpoint(backendPort))],
    },
    { packing: routePacking(packing), accessLog: accessLog ?? 'errors' },
  )
  await using fixture = await serve(resources)
  await using envoy = await startEnvoy({ xds: { port: fixture.port } })
  const ours: Pick<BareEnvoy, 'pid' | 'port'> = { pid: envoy.pid, port: boundPort }
  const step = Math.max(1, Math.floor(count / ASKED))
  const asked = domains.filter((_, index) => index % step === 0).slice(0, ASKED)
  const hosts = asked.map((domain) => domain.replace('*', 'www'))
  const deadline = performance.now() + READY_MS
  while (fixture.server.tracker.acknowledgedRevision(GROUP) !== fixture.cache.revision(GROUP) || !(await answers(bare.port, boundPort))) {
    if (performance.now() > deadline) throw new Error(`no proxy was ready within ${READY_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  pin(backend.pid, 'load')
  for (const { pid } of [bare, ours]) pin(pid, 'proxy')
  // Awaited here: the proxies end with this function.
  return await measurePairs({ bare, ours, hosts, pairs: Number(values.pairs), seconds: Number(values.seconds) })
}

/** True when something answers at all of these ports. */
async function answers(...ports: readonly number[]): Promise<boolean> {
  const answered = await Promise.all(
    ports.map((each) =>
      fetch(`http://127.0.0.1:${each}/`).then(
        () => true,
        () => false,
      ),
    ),
  )
  return answered.every((each) => each)
}

function print({ kind, hosts, packing, requestsPerSecond, p99, cpuPerRequest, bare }: Row): void {
  const share = (value: number): string => value.toFixed(3)
  const cells = [kind, hosts, packing, share(requestsPerSecond), share(p99), share(cpuPerRequest)].map(String)
  const widths = [8, 5, 7, 10, 6, 11]
  const was = `(${bare.requestsPerSecond.toFixed(0)}/s, ${(bare.p99Us / 1_000).toFixed(2)} ms, ${bare.cpuUs.toFixed(1)} us)`
  console.log(`${cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('  ')}   ${was}`)
}
