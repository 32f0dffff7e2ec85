/**
 * Rounds of a bare Envoy, one as Envoy's documentation recommends it for edges, and ours, asked in turn, so that whatever else the machine
 * does meets all. Each round wants processes of its own: where a process happens to lie in memory makes two Envoys with the same
 * configuration differ by up to 4 %.
 */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { cpuUs } from './cpu.js'
import { runWrk, type WrkResult } from './wrk.js'

/** A proxy to be asked. */
export interface Target {
  readonly pid: number
  readonly port: number
}

/** The proxies of a round: with the shortest configuration, with Envoy's own recommendations for edges, with our defaults. */
export const PROXIES = ['bare', 'edge', 'ours'] as const
export type ProxyName = (typeof PROXIES)[number]

/** One divided by the bare one: medians over the rounds. */
export interface Ratios {
  readonly requestsPerSecond: number
  readonly p99: number
  /** Time on a processor per request of the proxy's process: hardly depends on what else the machine does. */
  readonly cpuPerRequest: number
}

/** What one process saw in all of its runs of a round. */
export interface Sum {
  readonly requestsPerSecond: number
  readonly p99Us: number
  /** Microseconds on a processor of the proxy's process, per request. */
  readonly cpuUs: number
}

/** Processes that were asked in turn. */
export type Round = Readonly<Record<ProxyName, Sum>>

/** What is asked of a round, and for how long. */
export interface RoundOptions {
  readonly targets: Readonly<Record<ProxyName, Target>>
  readonly hosts: readonly string[]
  /** Of one run; each is asked in four. */
  readonly seconds: number
}

/** In this order, so that a machine that becomes faster or slower meanwhile does so for all. */
const ORDER = [...PROXIES, ...PROXIES.toReversed(), ...PROXIES.toReversed(), ...PROXIES]

/** Asks all in turn, after a run of each that is not counted. */
export async function measureRound({ targets, hosts, seconds }: RoundOptions): Promise<Round> {
  const runs: Record<ProxyName, Run[]> = { bare: [], edge: [], ours: [] }
  const once = async (which: ProxyName): Promise<Run> => {
    const { pid, port } = targets[which]
    const before = cpuUs(pid)
    const result = await runWrk(port, hosts, seconds, LOAD_CPU)
    return { ...result, cpuUs: cpuUs(pid) - before }
  }
  for (const which of PROXIES) await once(which)
  for (const which of ORDER) runs[which].push(await once(which))
  return { bare: sumOf(runs.bare), edge: sumOf(runs.edge), ours: sumOf(runs.ours) }
}

/** One run, with the processor time of all of it. */
interface Run extends WrkResult {
  readonly cpuUs: number
}

function sumOf(runs: readonly Run[]): Sum {
  const sum = (of: keyof Run) => runs.reduce((total, run) => total + run[of], 0)
  return {
    requestsPerSecond: sum('requestsPerSecond') / runs.length,
    p99Us: median(runs.map(({ p99Us }) => p99Us)),
    cpuUs: sum('cpuUs') / sum('requests'),
  }
}

/** Medians of what one differs from the bare one by in each round. */
export function ratiosOf(rounds: readonly Round[], which: ProxyName): Ratios {
  const ratio = (of: keyof Sum) => median(rounds.map((round) => round[which][of] / round.bare[of]))
  return { requestsPerSecond: ratio('requestsPerSecond'), p99: ratio('p99Us'), cpuPerRequest: ratio('cpuUs') }
}

/** The bare one, as medians over the rounds: what the ratios are of. */
export function bareOf(rounds: readonly Round[]): Sum {
  const of = (what: keyof Sum) => median(rounds.map(({ bare }) => bare[what]))
  return { requestsPerSecond: of('requestsPerSecond'), p99Us: of('p99Us'), cpuUs: of('cpuUs') }
}

/** Load and backend have one processor, the proxies another one: it is the proxy that is too slow, and nothing else. */
const LOAD_CPU = availableParallelism() > 1 ? 0 : undefined
const PROXY_CPU = availableParallelism() > 1 ? 1 : undefined

/** Moves a process to the processor of the load or of the proxies. */
export function pin(pid: number, to: 'load' | 'proxy'): void {
  const cpu = to === 'load' ? LOAD_CPU : PROXY_CPU
  if (cpu !== undefined) execFileSync('taskset', ['-a', '-c', '-p', String(cpu), String(pid)], { stdio: 'ignore' })
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2
}
