/**
 * `npm run bench:data-path [-- --hosts 100,5000 --pairs 10 --seconds 2 --packing rds,scoped --access-log errors]`: what our listeners,
 * routes and clusters cost a request. An Envoy with our default settings, given by our control plane, against a bare Envoy
 * with a static file; both forward to the same backend; the load generator is wrk. Exact and wildcard hosts, few and many.
 *
 * `npm run bench:data-path -- --instructions 2000` counts instead what so many requests take, by valgrind: that needs no quiet machine.
 *
 * Prints ratios; LONG=1 writes docs/reports/bench-data-path.json.
 */
import { parseArgs } from 'node:util'
import { routePacking } from '../../src/config/option-values.js'
import { ACCESS_LOG_MODES } from '../../src/xds/translate/access-log-mode.js'
import { callgrind } from '../data-path/instructions.js'
import { measurePairs, pin } from '../data-path/measure.js'
import { type Proxies, withProxies } from '../data-path/proxies.js'
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
    seconds: { type: 'string', default: '2' },
    'access-log': { type: 'string', default: 'errors' },
    instructions: { type: 'string', default: '0' },
  },
})
const accessLog = ACCESS_LOG_MODES.find((mode) => mode === values['access-log'])
if (accessLog === undefined) throw new Error(`--access-log is one of ${ACCESS_LOG_MODES.join(', ')}`)
const requests = Number(values.instructions)
const readyMs = requests === 0 ? READY_MS : SLOWLY_READY_MS

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
      await using counter = requests === 0 ? undefined : await callgrind()
      const options = { kind, hosts, packing: routePacking(packing), accessLog, under: counter?.command ?? [], readyMs }
      const row = await withProxies(options, (proxies) =>
        counter === undefined ? timed(proxies) : counted(proxies, (of) => counter.instructionsPerRequest(of, proxies.hosts, requests)),
      )
      console.log([kind.padStart(8), String(hosts).padStart(5), packing.padStart(7), row.line].join('  '))
      for (const [name, value] of Object.entries(row.figures)) figures[`${kind} ${hosts} ${packing} ${name}`] = value
    }
  }
}
if (process.env.LONG === '1') writeReport('bench-data-path', 'npm run bench:data-path', figures)

async function timed({ bare, ours, backend, hosts }: Proxies): Promise<Row> {
  pin(backend.pid, 'load')
  for (const { pid } of [bare, ours]) pin(pid, 'proxy')
  const ratios = await measurePairs({ bare, ours, hosts, pairs: Number(values.pairs), seconds: Number(values.seconds) })
  const { requestsPerSecond, p99, cpuPerRequest } = ratios
  const was = `(${ratios.bare.requestsPerSecond.toFixed(0)}/s, ${(ratios.bare.p99Us / 1_000).toFixed(2)} ms, ${ratios.bare.cpuUs.toFixed(1)} us)`
  return {
    figures: { requestsPerSecond, p99, cpuPerRequest },
    line: `${share(requestsPerSecond, 10)}  ${share(p99, 6)}  ${share(cpuPerRequest, 11)}   ${was}`,
  }
}

async function counted({ bare, ours }: Proxies, count: (of: Proxies['ours']) => Promise<number>): Promise<Row> {
  const instructions = { bare: await count(bare), ours: await count(ours) }
  const ratio = instructions.ours / instructions.bare
  return {
    figures: { instructionsPerRequest: ratio },
    line: `${share(ratio, 20)}   (${instructions.bare.toFixed(0)}, ${instructions.ours.toFixed(0)})`,
  }
}

function share(value: number, width: number): string {
  return value.toFixed(3).padStart(width)
}
