/** The rows of the table: what each says of a result, and what this project wants to reach. */
import type { AttachedResult, PeerResult, ProbeResult } from '../result.js'
import { sum } from '../traffic.js'
import { bulkRows } from './bulk-rows.js'
import { flipRows } from './flip-rows.js'
import { duration, number, wrong } from './format.js'
import type { TableRow } from './table-row.js'

/** Says at how many routes something was measured, where it were not as many as the row says. */
function elsewhere(routes: number, ofRow: number): string {
  return routes === ofRow ? '' : ` (at ${number(routes)})`
}

/** The rows that any of the results has something to say about. */
export function rowsOf(results: readonly PeerResult[]): readonly TableRow[] {
  const churned = results.flatMap(({ oneMore }) => oneMore.filter(({ isChurning }) => isChurning))[0]?.from ?? 0
  const replacedAt = results.flatMap(({ restart }) => (restart === undefined ? [] : [restart.routes]))[0] ?? 0
  const changed = results.flatMap(({ churn }) => (churn === undefined ? [] : [churn.routes]))[0] ?? 0
  const stages = distinct(results.flatMap(({ bulk }) => bulk.map(({ to }) => to)))
  const count = Math.max(0, ...results.map(({ probe }) => (probe === undefined ? 0 : probe.figures.count)))
  const rows: TableRow[] = [
    {
      work: `${number(count)} routes one by one: mean / p99`,
      goal: '≤ 15 / 50 ms',
      isHeadline: true,
      cell: ({ probe }) => latencies(probe),
    },
    {
      work: 'wrong answers meanwhile, 404 aside',
      goal: '0',
      isHeadline: true,
      cell: ({ probe }) => probe && wrong(probe.answers, WAITING),
    },
    ...stages.map((stage) => ({
      work: `one more route at ${number(stage)}: mean / p99`,
      isHeadline: true as const,
      goal: '≤ 15 / 50 ms',
      cell: ({ oneMore }: PeerResult) => latencies(oneMore.find(({ from, isChurning }) => from === stage && !isChurning)),
    })),
    {
      work: `one more at ${number(churned)} while 10 of them change each second: mean / p99`,
      isHeadline: true,
      goal: 'as without',
      cell: ({ oneMore }) => latencies(oneMore.find(({ isChurning }) => isChurning)),
    },
    ...flipRows(results),
    ...bulkRows(results),
    {
      work: 'wrong answers to one more and to routes at once, 404 aside',
      goal: '0',
      cell: (result) => {
        const answers = [...result.oneMore, ...result.bulk].flatMap((each) => (each.answers === undefined ? [] : [each.answers]))
        // Of results from before all of them were counted nothing is said.
        const isWhole = result.bulk.length > 0 && result.bulk.every((each) => each.answers !== undefined)
        return isWhole ? wrong(sum(answers), WAITING) : undefined
      },
    },
    ...(['one by one', 'at once', 'deleted'] as const).map((way) => ({
      work: `\`attachedRoutes\` right after the last of ${number(attachedCount(results, way))} routes ${way}; writes to the Gateway`,
      goal: way === 'one by one' ? '≤ 1 s; ≤ 75' : '≤ 1 s; ≤ 15',
      cell: ({ attached }: PeerResult) =>
        attachedCell(
          attached.find((each) => each.way === way),
          attachedCount(results, way),
        ),
    })),
    {
      work: 'backend rolled twice under load: not 200',
      goal: '0',
      cell: ({ endpointRoll }) => endpointRoll && wrong(endpointRoll.answers),
    },
    {
      work: `controller replaced at ${number(replacedAt)} routes: a new route serves; not 200 meanwhile`,
      isHeadline: true,
      goal: '0',
      cell: ({ restart }) =>
        restart &&
        `${restart.tookMs === undefined ? 'stalled' : duration(restart.tookMs)}; ${wrong(restart.answers)}${elsewhere(restart.routes, replacedAt)}`,
    },
    ...stages.map((stage) => ({
      work: `processor time of one changed route at ${number(stage)}: controller / Envoy`,
      isHeadline: true as const,
      goal: '≤ 20 ms / –',
      cell: ({ cost }: PeerResult) => {
        const found = cost.find(({ routes }) => routes === stage)
        // Nothing costs nothing: a controller that used no time has not done the work.
        if (found?.isStalled === true || found?.controllerCpuMsPerChange === 0) return 'stalled'
        return found && both(duration(found.controllerCpuMsPerChange), found.proxyCpuMsPerChange, duration)
      },
    })),
    ...distinct(results.flatMap(({ memory }) => memory.map(({ routes }) => routes))).map((routes) => ({
      work: `memory at ${number(routes)} routes: controller / Envoy`,
      isHeadline: true as const,
      goal: ({ 0: '≤ 110 MB', 1000: '≤ 150 MB', 3000: '≤ 200 MB' } as Record<number, string>)[routes] ?? '',
      cell: ({ memory }: PeerResult) => {
        const found = memory.find((each) => each.routes === routes)
        const mb = (value: number): string => `${value.toFixed(0)} MB`
        return found && both(found.proxyMb === undefined ? mb(found.controllerMb) : found.controllerMb.toFixed(0), found.proxyMb, mb)
      },
    })),
    {
      work: `10 route changes a second at ${number(changed)}, for ${churnSeconds(results)}: cores of the controller / Envoy`,
      goal: '',
      cell: ({ churn }) =>
        churn &&
        `${both(churn.controllerCores.toFixed(3), churn.proxyCores, (cores) => cores.toFixed(3))}${elsewhere(churn.routes, changed)}`,
    },
    {
      work: 'the same: the last change shows',
      goal: '',
      cell: ({ churn }) => churn && (churn.caughtUpMs === undefined ? 'not within 30 s' : duration(churn.caughtUpMs)),
    },
    {
      work: 'the same: memory of the controller at the start → end; slope of the second half',
      goal: 'level',
      cell: ({ churn }) =>
        churn &&
        `${churn.controllerMbAtStart.toFixed(0)} → ${churn.controllerMbAtEnd.toFixed(0)} MB; ${churn.controllerMbPerMinute.toFixed(1)} MB a minute`,
    },
    {
      work: 'the same: bytes to each Envoy for one change',
      goal: '',
      cell: ({ churn }) => (churn?.proxyBytesPerChange === undefined ? undefined : `${(churn.proxyBytesPerChange / 1024).toFixed(1)} KiB`),
    },
    {
      work: 'the same: event loop, p99 of its delay',
      goal: '≤ 20 ms',
      cell: ({ churn }) => (churn?.eventLoopP99Ms === undefined ? undefined : duration(churn.eventLoopP99Ms)),
    },
    { work: listenerSetsTitle(results), goal: '', cell: listenerSetsCell },
  ]
  return rows.filter(({ cell }) => results.some((result) => cell(result) !== undefined))
}

/** Answers that stand for "not yet" while a route is new. */
const WAITING = ['404']

/** Two figures; where the controller is the proxy there is only one. */
function both(controller: string, proxy: number | undefined, print: (value: number) => string): string {
  return proxy === undefined ? `${controller} (one program)` : `${controller} / ${print(proxy)}`
}

const churnSeconds = (results: readonly PeerResult[]): string => {
  const seconds = results.flatMap(({ churn }) => (churn === undefined ? [] : [Math.floor(churn.seconds / 10) * 10]))[0] ?? 0
  return seconds % 60 === 0 && seconds > 60 ? `${seconds / 60} minutes` : `${seconds} s`
}

const distinct = (values: readonly number[]): readonly number[] => [...new Set(values)].sort((a, b) => a - b)

function latencies(probe: ProbeResult | undefined): string | undefined {
  if (probe === undefined) return undefined
  const { count, mean, p99 } = probe.figures
  if (count === 0) return `stalled at ${number(probe.stalledAt ?? probe.from)}`
  const short = count < (probe.wanted ?? count) ? `, of the first ${number(count)}` : ''
  return `${duration(mean)} / ${duration(p99)}${probe.stalledAt === undefined ? short : `, stalled at ${number(probe.stalledAt)}`}`
}

function attachedCount(results: readonly PeerResult[], way: AttachedResult['way']): number {
  return results.flatMap(({ attached }) => attached).find((each) => each.way === way)?.routes ?? 0
}

function attachedCell(found: AttachedResult | undefined, routes: number): string | undefined {
  if (found === undefined) return undefined
  const lag = found.lagMs === undefined ? `stalled at ${number(found.stalledAt ?? 0)}` : duration(found.lagMs)
  return `${lag}; ${number(found.gatewayWrites)}${found.routes === routes ? '' : ` (${number(found.routes)} routes)`}`
}

function listenerSetsTitle(results: readonly PeerResult[]): string {
  const found = results.map(({ listenerSets }) => listenerSets).find((each) => typeof each === 'object')
  return typeof found === 'object'
    ? `${number(found.sets)} ListenerSets with HTTPS and ${number(found.routes)} routes${beside(found.beside)}: all serving; memory of the controller`
    : 'ListenerSets'
}

const beside = (routes: number | undefined): string => (routes === undefined || routes === 0 ? '' : `, beside ${number(routes)}`)

function listenerSetsCell({ listenerSets }: PeerResult): string | undefined {
  if (listenerSets === undefined || typeof listenerSets === 'string') return listenerSets
  const { servingMs, stalledAt, controllerMb } = listenerSets
  return `${servingMs === undefined ? `stalled at ${stalledAt} sets` : duration(servingMs)}; ${number(controllerMb)} MB`
}
