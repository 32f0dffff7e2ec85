/** Pairs of runs against a bare Envoy and ours, one right after the other, so that whatever else the machine does meets both. */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { cpuUs } from './cpu.js'
import { runWrk } from './wrk.js'

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

/** What is measured and for how long. */
export interface Pairs {
  readonly bare: Target
  readonly ours: Target
  readonly hosts: readonly string[]
  readonly pairs: number
  readonly seconds: number
}

/** Runs the pairs; which one of a pair is first alternates. */
export async function measurePairs({ bare, ours, hosts, pairs, seconds }: Pairs): Promise<Ratios> {
  const once = async (target: Target) => {
    const before = cpuUs(target.pid)
    const result = await runWrk(target.port, hosts, seconds, LOAD_CPU)
    return { ...result, cpuUs: (cpuUs(target.pid) - before) / result.requests }
  }
  for (const target of [bare, ours]) await once(target)
  const runs: { readonly bare: Awaited<ReturnType<typeof once>>; readonly ours: Awaited<ReturnType<typeof once>> }[] = []
  for (let pair = 0; pair < pairs; pair++) {
    if (pair % 2 === 0) {
      const first = await once(bare)
      runs.push({ bare: first, ours: await once(ours) })
    } else {
      const first = await once(ours)
      runs.push({ ours: first, bare: await once(bare) })
    }
  }
  const ratio = (of: 'requestsPerSecond' | 'p99Us' | 'cpuUs') => median(runs.map((run) => run.ours[of] / run.bare[of]))
  const bareMedian = (of: 'requestsPerSecond' | 'p99Us' | 'cpuUs') => median(runs.map((run) => run.bare[of]))
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
