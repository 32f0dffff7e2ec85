/**
 * `npm run bench:data-path [-- --hosts 100,5000 --pairs 10 --seconds 1 --packing rds,scoped --access-log errors]`: what our listeners,
 * routes and clusters cost a request. An Envoy with our default settings, given by our control plane, against a bare Envoy
 * with a static file; both forward to the same backend; the load generator is wrk. Exact and wildcard hosts, few and many. Each pair has
 * processes of its own.
 *
 * `npm run bench:data-path -- --instructions 2000` counts instead what so many requests take, by valgrind: that needs no quiet machine.
 *
 * Prints ratios; LONG=1 writes docs/reports/bench-data-path.json.
 */
import { parseArgs } from 'node:util'
import { routePacking } from '../../src/config/option-values.js'
import { ACCESS_LOG_MODES } from '../../src/xds/translate/access-log-mode.js'
import { callgrind } from '../data-path/instructions.js'
import { measurePair, type Pair, pin, ratiosOf } from '../data-path/measure.js'
import { type ProxyOptions, withProxies } from '../data-path/proxies.js'
import { type Figures, writeReport } from '../lib/report.js'

const READY_MS = 60_000
/** Under valgrind. */
const SLOWLY_READY_MS = 1_200_000

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '100,5000' },
    kinds: { type: 'string', default: 'exact,wildcard' },
    packing: { type: 'string', default: 'rds,scoped' },
    pairs: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '1' },
    'access-log': { type: 'string', default: 'errors' },
    instructions: { type: 'string', default: '0' },
  },
})
const accessLog = ACCESS_LOG_MODES.find((mode) => mode === values['access-log'])
if (accessLog === undefined) throw new Error(`--access-log is one of ${ACCESS_LOG_MODES.join(', ')}`)
const requests = Number(values.instructions)

/** Figures of a row, and the line that it is. */
interface Row {
  readonly figures: Figures
  readonly line: string
}

console.log(
  requests === 0
    ? '    kind  hosts  packing  requests/s    p99  cpu/request   (bare: requests/s, p99, cpu)'
    : '    kind  hosts  packing  instructions/request   (bare, ours)',
)
const figures: Record<string, Figures[string]> = {}
for (const kind of ['exact', 'wildcard'] as const) {
  if (!values.kinds.split(',').includes(kind)) continue
  for (const hosts of values.hosts.split(',').map(Number)) {
    for (const packing of values.packing.split(',')) {
      const options = { kind, hosts, packing: routePacking(packing), accessLog }
      const row = requests === 0 ? timed(await pairsOf(options)) : await counted(options)
      console.log([kind.padStart(8), String(hosts).padStart(5), packing.padStart(7), row.line].join('  '))
      for (const [name, value] of Object.entries(row.figures)) figures[`${kind} ${hosts} ${packing} ${name}`] = value
    }
  }
}
if (process.env.LONG === '1') writeReport('bench-data-path', 'npm run bench:data-path', figures)

/** Pairs, each of its own two processes. */
async function pairsOf(options: Omit<ProxyOptions, 'under' | 'readyMs'>): Promise<readonly Pair[]> {
  const pairs: Pair[] = []
  for (let index = 0; index < Number(values.pairs); index++)
    pairs.push(
      await withProxies({ ...options, under: [], readyMs: READY_MS }, ({ bare, ours, backend, hosts }) => {
        pin(backend.pid, 'load')
        for (const { pid } of [bare, ours]) pin(pid, 'proxy')
        return measurePair({ bare, ours, hosts, seconds: Number(values.seconds) })
      }),
    )
  return pairs
}

function timed(pairs: readonly Pair[]): Row {
  const { requestsPerSecond, p99, cpuPerRequest, bare } = ratiosOf(pairs)
  const was = `(${bare.requestsPerSecond.toFixed(0)}/s, ${(bare.p99Us / 1_000).toFixed(2)} ms, ${bare.cpuUs.toFixed(1)} us)`
  return {
    figures: { requestsPerSecond, p99, cpuPerRequest },
    line: `${share(requestsPerSecond, 10)}  ${share(p99, 6)}  ${share(cpuPerRequest, 11)}   ${was}`,
  }
}

async function counted(options: Omit<ProxyOptions, 'under' | 'readyMs'>): Promise<Row> {
  await using counter = await callgrind()
  const { bare, ours } = await withProxies({ ...options, under: counter.command, readyMs: SLOWLY_READY_MS }, async (proxies) => ({
    bare: await counter.instructionsPerRequest(proxies.bare, proxies.hosts, requests),
    ours: await counter.instructionsPerRequest(proxies.ours, proxies.hosts, requests),
  }))
  const ratio = ours / bare
  return { figures: { instructionsPerRequest: ratio }, line: `${share(ratio, 20)}   (${bare.toFixed(0)}, ${ours.toFixed(0)})` }
}

function share(value: number, width: number): string {
  return value.toFixed(3).padStart(width)
}
