/**
 * `npm run bench:data-path [-- --hosts 100,5000 --rounds 10 --seconds 1 --packing rds,scoped --access-log errors --allocator-caches
 * PerThread]`: what our listeners, routes and clusters cost a request. An Envoy with our default settings, given by our control plane, and one with what Envoy's
 * own documentation recommends for edges, against a bare Envoy, both with static files; all forward to the same backend; the load generator
 * is wrk. Exact and wildcard hosts, few and many. Each round has processes of its own.
 *
 * `npm run bench:data-path -- --instructions 2000 [--profile FOLDER]` counts instead what so many requests take, by valgrind: that needs
 * no quiet machine. The folder gets the counts of each function, for `callgrind_annotate`.
 *
 * Prints ratios; LONG=1 writes docs/reports/bench-data-path.json.
 */
import { routePacking } from '../../src/config/option-values.js'
import { ACCESS_LOG_MODES } from '../../src/xds/translate/telemetry/access-log-mode.js'
import { callgrind } from '../data-path/instructions.js'
import { bareOf, measureRound, PROXIES, type ProxyName, pin, type Round, ratiosOf } from '../data-path/measure.js'
import { type ProxyOptions, withProxies } from '../data-path/proxies.js'
import { type Figures, writeReport } from '../lib/report.js'
import { countOf, countsOf, readWith, taskArguments } from '../lib/task-arguments.js'

const READY_MS = 60_000
/** Under valgrind. */
const SLOWLY_READY_MS = 1_200_000

const { values } = taskArguments({
  hosts: { type: 'string', default: '100,5000' },
  kinds: { type: 'string', default: 'exact,wildcard' },
  packing: { type: 'string', default: 'rds,scoped' },
  rounds: { type: 'string', default: '10' },
  seconds: { type: 'string', default: '1' },
  'access-log': { type: 'string', default: 'errors' },
  'allocator-caches': { type: 'string', default: 'PerThread' },
  instructions: { type: 'string', default: '0' },
  profile: { type: 'string' },
})
const packings = values.packing.split(',').map((name) => ({ name, packing: readWith(() => routePacking(name)) }))
const sizes = countsOf('hosts', values.hosts)
const count = countOf('rounds', values.rounds)
const seconds = countOf('seconds', values.seconds)
const accessLog = readWith(() => {
  const found = ACCESS_LOG_MODES.find((mode) => mode === values['access-log'])
  if (found === undefined) throw new Error(`--access-log is one of ${ACCESS_LOG_MODES.join(', ')}`)
  return found
})
const hasPerCpuCaches = readWith(() => {
  const caches = values['allocator-caches']
  if (caches !== 'PerThread' && caches !== 'PerCPU') throw new Error('--allocator-caches is PerThread or PerCPU')
  return caches === 'PerCPU'
})
const requests = countOf('instructions', values.instructions)

/** Figures of a row, and the line that it is. */
interface Row {
  readonly proxy: ProxyName
  readonly figures: Figures
  readonly line: string
}

/** Those that are compared with the bare one. */
const COMPARED = PROXIES.filter((name): name is Exclude<ProxyName, 'bare'> => name !== 'bare')

console.log(
  requests === 0
    ? '    kind  hosts  packing  proxy  requests/s    p99  cpu/request   (bare: requests/s, p99, cpu)'
    : '    kind  hosts  packing  proxy  instructions/request   (ratio, number; bare)',
)
const figures: Record<string, Figures[string]> = {}
for (const kind of ['exact', 'wildcard'] as const) {
  if (!values.kinds.split(',').includes(kind)) continue
  for (const hosts of sizes) {
    for (const { name, packing } of packings) {
      const options = { kind, hosts, packing, accessLog, hasPerCpuCaches }
      const rows = requests === 0 ? timed(await roundsOf(options)) : await counted(options)
      for (const row of rows) {
        console.log([kind.padStart(8), String(hosts).padStart(5), name.padStart(7), row.proxy.padStart(5), row.line].join('  '))
        for (const [figure, value] of Object.entries(row.figures)) figures[`${kind} ${hosts} ${name} ${row.proxy} ${figure}`] = value
      }
    }
  }
}
if (process.env.LONG === '1') writeReport('bench-data-path', 'npm run bench:data-path', figures)

/** Rounds, each of processes of its own. */
async function roundsOf(options: Omit<ProxyOptions, 'under' | 'readyMs'>): Promise<readonly Round[]> {
  const rounds: Round[] = []
  for (let index = 0; index < count; index++)
    rounds.push(
      await withProxies({ ...options, under: [], readyMs: READY_MS }, ({ targets, backend, hosts }) => {
        pin(backend.pid, 'load')
        for (const { pid } of Object.values(targets)) pin(pid, 'proxy')
        return measureRound({ targets, hosts, seconds })
      }),
    )
  return rounds
}

function timed(rounds: readonly Round[]): readonly Row[] {
  const bare = bareOf(rounds)
  const was = `(${bare.requestsPerSecond.toFixed(0)}/s, ${(bare.p99Us / 1_000).toFixed(2)} ms, ${bare.cpuUs.toFixed(1)} us)`
  return COMPARED.map((proxy) => {
    const { requestsPerSecond, p99, cpuPerRequest } = ratiosOf(rounds, proxy)
    return {
      proxy,
      figures: { requestsPerSecond, p99, cpuPerRequest },
      line: `${share(requestsPerSecond, 10)}  ${share(p99, 6)}  ${share(cpuPerRequest, 11)}   ${was}`,
    }
  })
}

async function counted(options: Omit<ProxyOptions, 'under' | 'readyMs'>): Promise<readonly Row[]> {
  await using counter = await callgrind(values.profile)
  const counts = await withProxies({ ...options, under: counter.command, readyMs: SLOWLY_READY_MS }, async ({ targets, hosts }) => {
    const counted: Partial<Record<ProxyName, number>> = {}
    for (const name of PROXIES) counted[name] = await counter.instructionsPerRequest(name, targets[name], hosts, requests)
    return counted
  })
  const { bare = Number.NaN } = counts
  return COMPARED.map((proxy) => {
    const count = counts[proxy] ?? Number.NaN
    const ratio = count / bare
    return { proxy, figures: { instructionsPerRequest: ratio }, line: `${share(ratio, 20)}   (${count.toFixed(0)}; ${bare.toFixed(0)})` }
  })
}

function share(value: number, width: number): string {
  return value.toFixed(3).padStart(width)
}
