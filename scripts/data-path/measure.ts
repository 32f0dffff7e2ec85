/**
 * Pairs of a bare Envoy and ours, asked in turn, so that whatever else the machine does meets both. Each pair wants processes of its own:
 * where a process happens to lie in memory makes two Envoys with the same configuration differ by up to 4 %.
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

/** Ours divided by the bare one: medians over the pairs. */
export interface Ratios {
  readonly requestsPerSecond: number
  readonly p99: number
  /** Time on a processor per request of the proxy's process: hardly depends on what else the machine does. */
  readonly cpuPerRequest: number
  /** Of the bare one, as a median: what the ratios are of. */
  readonly bare: { readonly requestsPerSecond: number; readonly p99Us: number; readonly cpuUs: number }
}

/** What one process saw in all of its runs of a pair. */
export interface Sum {
  readonly requestsPerSecond: number
  readonly p99Us: number
  /** Microseconds on a processor of the proxy's process, per request. */
  readonly cpuUs: number
}

/** Two processes that were asked in turn. */
export interface Pair {
  readonly bare: Sum
  readonly ours: Sum
}

/** What is asked of a pair, and for how long. */
export interface PairOptions {
  readonly bare: Target
  readonly ours: Target
  readonly hosts: readonly string[]
  /** Of one run; each is asked in four. */
  readonly seconds: number
}

/** In this order, so that a machine that becomes faster or slower meanwhile does so for both. */
const ORDER = ['bare', 'ours', 'ours', 'bare', 'ours', 'bare', 'bare', 'ours'] as const

/** Asks both in turn, after a run of each that is not counted. */
export async function measurePair({ bare, ours, hosts, seconds }: PairOptions): Promise<Pair> {
  const targets = { bare, ours }
  const runs = { bare: [] as Run[], ours: [] as Run[] }
  const once = async (which: keyof typeof targets): Promise<Run> => {
    const { pid, port } = targets[which]
    const before = cpuUs(pid)
    const result = await runWrk(port, hosts, seconds, LOAD_CPU)
    return { ...result, cpuUs: cpuUs(pid) - before }
  }
  for (const which of ['bare', 'ours'] as const) await once(which)
  for (const which of ORDER) runs[which].push(await once(which))
  return { bare: sumOf(runs.bare), ours: sumOf(runs.ours) }
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

/** Medians of what the pairs differ by. */
export function ratiosOf(pairs: readonly Pair[]): Ratios {
  const ratio = (of: keyof Sum) => median(pairs.map((pair) => pair.ours[of] / pair.bare[of]))
  const bareMedian = (of: keyof Sum) => median(pairs.map((pair) => pair.bare[of]))
  return {
    requestsPerSecond: ratio('requestsPerSecond'),
    p99: ratio('p99Us'),
    cpuPerRequest: ratio('cpuUs'),
    bare: { requestsPerSecond: bareMedian('requestsPerSecond'), p99Us: bareMedian('p99Us'), cpuUs: bareMedian('cpuUs') },
  }
}

/** Load and backend have one processor, the proxy another one: it is the proxy that is too slow, and nothing else. */
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
