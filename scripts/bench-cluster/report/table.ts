/** The rows of the table: what each says of a result, and what this project wants to reach. */
import type { AttachedResult, PeerResult, ProbeResult } from '../result.js'
import { duration, number, wrong } from './format.js'

/** A row; a cell that is undefined was not measured. */
export interface TableRow {
  readonly work: string
  readonly goal: string
  /** Whether it stands in the README of the project, too. */
  readonly isHeadline?: true
  readonly cell: (result: PeerResult) => string | undefined
}

/** The rows that any of the results has something to say about. */
export function rowsOf(results: readonly PeerResult[]): readonly TableRow[] {
  const stages = distinct(results.flatMap(({ bulk }) => bulk.map(({ to }) => to)))
  const last = stages.at(-1) ?? 0
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
      cell: ({ probe }) => probe && wrong(probe.answers, ['404']),
    },
    ...stages.map((stage) => ({
      work: `one more route at ${number(stage)}: mean / p99`,
      isHeadline: true as const,
      goal: '≤ 15 / 50 ms',
      cell: ({ oneMore }: PeerResult) => latencies(oneMore.find(({ from, isChurning }) => from === stage && !isChurning)),
    })),
    {
      work: `one more at ${number(last)} while 10 routes a second change: mean / p99`,
      goal: 'as without',
      cell: ({ oneMore }) => latencies(oneMore.find(({ isChurning }) => isChurning)),
    },
    ...[false, true].flatMap((isNew) =>
      distinct(results.flatMap(({ flips }) => (flips ?? []).map(({ intervalMs }) => -intervalMs))).map((negative) => ({
        work: `${results[0]?.flips?.[0]?.flips ?? 50} backend flips ${-negative} ms apart under load${isNew ? ', to new clusters' : ''}: not 200`,
        ...(negative === -20 ? { isHeadline: true as const } : {}),
        goal: '0',
        cell: ({ flips }: PeerResult) => {
          const found = flips?.find(({ intervalMs, isNewCluster }) => intervalMs === -negative && isNewCluster === isNew)
          return found && wrong(found.answers)
        },
      })),
    ),
    ...stages.map((stage) => ({
      work: bulkTitle(results, stage),
      goal: bulkGoal(stage),
      isHeadline: true as const,
      cell: (result: PeerResult) => bulkCell(result, stage),
    })),
    ...(['one by one', 'at once', 'deleted'] as const).map((way) => ({
      work: `\`attachedRoutes\` right after the last of ${number(attachedCount(results, way))} routes ${way}; writes to the Gateway`,
      goal: way === 'one by one' ? '≤ 1 s; ≤ 75' : '≤ 1 s; ≤ 15',
      cell: ({ attached }: PeerResult) => attachedCell(attached.find((each) => each.way === way)),
    })),
    {
      work: 'backend rolled twice under load: not 200',
      goal: '0',
      cell: ({ endpointRoll }) => endpointRoll && wrong(endpointRoll.answers),
    },
    {
      work: `controller replaced at ${number(last)} routes: a new route serves; not 200 meanwhile`,
      isHeadline: true,
      goal: '0',
      cell: ({ restart }) => restart && `${restart.tookMs === undefined ? 'stalled' : duration(restart.tookMs)}; ${wrong(restart.answers)}`,
    },
    ...stages.map((stage) => ({
      work: `processor time of one changed route at ${number(stage)}: controller / Envoy`,
      isHeadline: true as const,
      goal: '≤ 20 ms / –',
      cell: ({ cost }: PeerResult) => {
        const found = cost.find(({ routes }) => routes === stage)
        // Nothing costs nothing: a controller that used no time has not done the work.
        if (found?.isStalled === true || found?.controllerCpuMsPerChange === 0) return 'stalled'
        return found && `${duration(found.controllerCpuMsPerChange)} / ${duration(found.proxyCpuMsPerChange)}`
      },
    })),
    ...distinct(results.flatMap(({ memory }) => memory.map(({ routes }) => routes))).map((routes) => ({
      work: `memory at ${number(routes)} routes: controller / Envoy`,
      isHeadline: true as const,
      goal: ({ 0: '≤ 110 MB', 1000: '≤ 150 MB', 3000: '≤ 200 MB' } as Record<number, string>)[routes] ?? '',
      cell: ({ memory }: PeerResult) => {
        const found = memory.find((each) => each.routes === routes)
        return found && `${found.controllerMb.toFixed(0)} / ${found.proxyMb.toFixed(0)} MB`
      },
    })),
    {
      work: '10 route changes a second: cores of the controller / Envoy',
      goal: '',
      cell: ({ churn }) => churn && `${churn.controllerCores.toFixed(3)} / ${churn.proxyCores.toFixed(3)}`,
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
      cell: ({ churn }) => churn && `${(churn.proxyBytesPerChange / 1024).toFixed(1)} KiB`,
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

const distinct = (values: readonly number[]): readonly number[] => [...new Set(values)].sort((a, b) => a - b)

function latencies(probe: ProbeResult | undefined): string | undefined {
  if (probe === undefined) return undefined
  const stalled = probe.stalledAt === undefined ? '' : `stalled at ${number(probe.stalledAt)}`
  if (probe.figures.count === 0) return stalled
  return `${duration(probe.figures.mean)} / ${duration(probe.figures.p99)}${stalled === '' ? '' : `, ${stalled}`}`
}

function bulkTitle(results: readonly PeerResult[], stage: number): string {
  const from = results.flatMap(({ bulk }) => bulk).find(({ to }) => to === stage)?.from ?? 0
  return `${number(stage - from)} ${from === 0 ? 'routes at once' : `more at once, at ${number(from)}`}: all serving after the last write`
}

const bulkGoal = (stage: number): string => ({ 1000: '≤ 1 s', 3000: '≤ 1.5 s' })[stage] ?? ''

function bulkCell({ bulk }: PeerResult, stage: number): string | undefined {
  const found = bulk.find(({ to }) => to === stage)
  if (found === undefined) return undefined
  return found.servingMs === undefined ? `stalled at ${number(found.stalledAt ?? 0)}` : duration(found.servingMs)
}

function attachedCount(results: readonly PeerResult[], way: AttachedResult['way']): number {
  return results.flatMap(({ attached }) => attached).find((each) => each.way === way)?.routes ?? 0
}

function attachedCell(found: AttachedResult | undefined): string | undefined {
  if (found === undefined) return undefined
  return `${found.lagMs === undefined ? `stalled at ${number(found.stalledAt ?? 0)}` : duration(found.lagMs)}; ${number(found.gatewayWrites)}`
}

function listenerSetsTitle(results: readonly PeerResult[]): string {
  const found = results.map(({ listenerSets }) => listenerSets).find((each) => typeof each === 'object')
  return typeof found === 'object'
    ? `${number(found.sets)} ListenerSets with HTTPS and ${number(found.routes)} routes: all serving; memory of the controller`
    : 'ListenerSets'
}

function listenerSetsCell({ listenerSets }: PeerResult): string | undefined {
  if (listenerSets === undefined || typeof listenerSets === 'string') return listenerSets
  const { servingMs, stalledAt, controllerMb } = listenerSets
  return `${servingMs === undefined ? `stalled at ${stalledAt} sets` : duration(servingMs)}; ${number(controllerMb)} MB`
}
