/** What every row of the benchmark works with. */
import type { KubeClient } from '../../src/k8s/kube-client.js'
import { pause } from './cluster.js'
import type { Peer } from './peers/peer.js'
import { type Usage, usageOf } from './processes.js'

/** A peer that is installed, with a Gateway that is programmed. */
export interface Stage {
  readonly client: KubeClient
  readonly signal: AbortSignal
  readonly peer: Peer
  /** Address of the Gateway. */
  readonly address: string
  /** Milliseconds that are left for this peer. */
  readonly remainingMs: () => number
  /** Milliseconds that this peer has altogether. */
  readonly totalMs: number
  /** Prints a line of progress. */
  readonly say: (text: string) => void
}

/** How long one route may take to serve, before the peer is said to stall. */
export const STALL_MS = 30_000

/** A wait, cut short by what is left for the peer. */
export const atMost = (stage: Stage, ms: number): number => Math.max(Math.min(ms, stage.remainingMs()), 1_000)

/** What the controller has used. */
export const controllerUsage = (stage: Stage): Promise<Usage> => usageOf(stage.client, stage.peer.controller, stage.signal)

/** What the Envoys have used; undefined where the controller itself answers requests. */
export async function proxyUsage(stage: Stage): Promise<Usage | undefined> {
  const { proxies } = stage.peer
  return proxies && (await usageOf(stage.client, proxies, stage.signal))
}

/** Processor time of controller and proxies together. */
async function allCpuMs(stage: Stage): Promise<number> {
  return (await controllerUsage(stage)).cpuMs + ((await proxyUsage(stage))?.cpuMs ?? 0)
}

/** Waits until controller and proxies are idle, so that a row does not pay for the one before; a minute at most. */
export async function settle(stage: Stage): Promise<void> {
  const end = performance.now() + atMost(stage, 60_000)
  while (performance.now() < end) {
    const before = await allCpuMs(stage)
    await pause(1_500)
    if ((await allCpuMs(stage)) - before < 150) return
  }
  stage.say('  (did not settle within a minute)')
}

/** A result, and when the API server had answered the last write that it is about. */
export interface Written<T> {
  readonly result: T
  readonly lastWriteAt: number
}
