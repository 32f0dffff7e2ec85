/** The result of one peer as it is kept in docs/benchmarks/<peer>.json. Units stand in the names. */
import type { Figures } from './figures.js'

/** How often each status was answered; `0` stands for connections that failed. */
export type Answers = Readonly<Record<string, number>>

/** Latencies of the routes that were added last, when there were `routes` of them. */
export interface ProbePoint extends Figures {
  readonly routes: number
}

/** Routes added one by one: from the API's answer to the first 200. */
export interface ProbeResult {
  readonly from: number
  /** How many were to be added: fewer are in the figures where the series stalled or its time was over. */
  readonly wanted?: number
  readonly figures: Figures
  /** One for every hundred routes. */
  readonly points: readonly ProbePoint[]
  readonly answers: Answers
  /** Number of the route that did not serve in time; the series ends there. */
  readonly stalledAt?: number
}

/** One route that changes its backend again and again under load. */
export interface FlipResult {
  readonly intervalMs: number
  /** Whether each flip goes to a Service that the route did not name just before: the proxy gets a cluster and loses one. */
  readonly isNewCluster: boolean
  /** Whether each flip goes to a Service that was made for it. */
  readonly isNewService?: boolean
  readonly flips: number
  /** Flips whose version stood in an answer: the others were overtaken by the next before anybody asked. */
  readonly seen?: number
  readonly answers: Answers
}

/** Routes written at once. */
export interface BulkResult {
  readonly from: number
  readonly to: number
  readonly writeMs: number
  /** From the answer to the last write until every route had served. */
  readonly servingMs?: number
  /** How many routes served when the wait was given up. */
  readonly stalledAt?: number
  readonly answers?: Answers
}

/** `attachedRoutes` of the Gateway's listener while routes come or go. */
export interface AttachedResult {
  readonly way: 'one by one' | 'at once' | 'deleted'
  readonly routes: number
  /** From the answer to the last write until the number was right. */
  readonly lagMs?: number
  /** What the number was when the wait was given up. */
  readonly stalledAt?: number
  readonly gatewayWrites: number
}

/** The controller's memory when it has settled with so many routes. */
export interface MemoryResult {
  readonly routes: number
  readonly controllerMb: number
  /** Missing where the controller is the proxy. */
  readonly proxyMb?: number
}

/** Processor time of one changed route. */
export interface CostResult {
  readonly routes: number
  readonly changes: number
  /** True if the last change did not show within 30 s: then the figures are of work that was not done. */
  readonly isStalled?: boolean
  readonly controllerCpuMsPerChange: number
  /** Missing where the controller is the proxy. */
  readonly proxyCpuMsPerChange?: number
}

/** Requests during a disturbance. */
export interface DisturbanceResult {
  readonly routes: number
  readonly answers: Answers
  /** How long the disturbance took. */
  readonly tookMs?: number
  /** True when it was not over in time. */
  readonly isStalled: boolean
}

/** Changes at a steady rate. */
export interface ChurnResult {
  readonly routes: number
  readonly seconds: number
  readonly routeChanges: number
  readonly endpointChanges: number
  readonly controllerCores: number
  /** Missing where the controller is the proxy. */
  readonly proxyCores?: number
  /** From the last change until an answer showed it; missing if none did. */
  readonly caughtUpMs?: number
  readonly controllerMbAtStart: number
  readonly controllerMbAtEnd: number
  /** Growth by a straight line through the second half of the samples. */
  readonly controllerMbPerMinute: number
  /** Bytes that arrived at each Envoy, for one change: payload, frames and acknowledgements. */
  readonly proxyBytesPerChange?: number
  readonly eventLoopP99Ms?: number
}

/** ListenerSets, each with a listener for HTTPS of its own. */
export interface ListenerSetResult {
  readonly sets: number
  readonly routes: number
  /** Routes of the Gateway's own listener that exist at the same time. */
  readonly beside?: number
  readonly writeMs: number
  readonly servingMs?: number
  readonly stalledAt?: number
  readonly answers?: Answers
  readonly controllerMb: number
}

/** Everything that was measured of a peer. A row that is missing was not asked for, or there was no time left. */
export interface PeerResult {
  readonly peer: string
  readonly title: string
  readonly version: string
  readonly date: string
  readonly command: string
  readonly cores: number
  /** Load of the machine in the minute before the run began: what others did at the time. */
  readonly loadBefore: number
  tookSeconds: number
  flips?: FlipResult[]
  probe?: ProbeResult
  /** More routes at so many, each by itself; `isChurning` when others change at the same time. */
  oneMore: (ProbeResult & { readonly isChurning: boolean })[]
  bulk: BulkResult[]
  attached: AttachedResult[]
  memory: MemoryResult[]
  cost: CostResult[]
  endpointRoll?: DisturbanceResult
  restart?: DisturbanceResult
  churn?: ChurnResult
  listenerSets?: ListenerSetResult | 'not supported'
  /** Rows for which there was no time left, or that failed, with the reason. */
  missing: { readonly row: string; readonly reason: string }[]
}
