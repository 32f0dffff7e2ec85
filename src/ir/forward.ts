import type { HeaderChanges } from './headers.js'
import type { PathChange } from './path-change.js'

/** Forwards a request to one of several clusters. */
export interface Forward {
  readonly kind: 'forward'
  /** Without those of weight 0. Empty: every request gets `invalidStatus`. */
  readonly clusters: readonly WeightedCluster[]
  /** Weight of backends that cannot be used; their share of requests gets 500. */
  readonly invalidWeight: number
  readonly hostRewrite?: string
  /** The host of the backend where it is no fixed one; only without `hostRewrite`. */
  readonly hostFrom?: HostSource
  /** True: the backend is told the host of the request where it is changed. */
  readonly tellsHost?: true
  readonly pathRewrite?: PathChange
  readonly mirrors: readonly Mirror[]
  readonly timeouts: Timeouts
  readonly retry?: Retry
  readonly sessionPersistence?: SessionPersistence
  /** What decides among the endpoints of clusters that balance by a hash. */
  readonly hash?: HashSource
  /** True: what endpoints report about their load is taken out of answers. */
  readonly hidesLoadReports?: boolean
  /** Protocols that a client may upgrade to, such as `websocket`. */
  readonly upgrades: readonly string[]
  /** How requests of the method CONNECT are served: `terminate` sends the bytes of the tunnel as TCP; undefined: they match nothing. */
  readonly connect?: 'forward' | 'terminate' | undefined
}

/** Where the host that the backend sees comes from. */
export type HostSource =
  | { readonly kind: 'header'; readonly name: string }
  /** The DNS name of the endpoint. */
  | { readonly kind: 'backend' }
  /** RE2 substitution over the path without its query. */
  | { readonly kind: 'path'; readonly pattern: string; readonly substitution: string }

/** A share of the traffic. */
export interface WeightedCluster {
  readonly cluster: string
  readonly weight: number
  /** What the backendRef's own filters do, after those of the rule. */
  readonly requestHeaders: HeaderChanges
  readonly responseHeaders: HeaderChanges
  readonly hostRewrite?: string
  readonly pathRewrite?: PathChange
}

/** Sends a copy of requests somewhere; answers are dropped. */
export interface Mirror {
  readonly cluster: string
  /** Share of requests, as a fraction. */
  readonly numerator: number
  readonly denominator: number
}

/** Zero means no limit. */
export interface Timeouts {
  /** From the whole request to the whole answer, retries included. */
  readonly requestMs: number
  /** One try. */
  readonly perTryMs: number
  /** Without a byte in either direction; undefined: the default of the port. */
  readonly idleMs?: number
  /** From the first byte of a request to the last of its answer; undefined or 0: no limit. */
  readonly streamMs?: number
}

/** What is tried again. */
export interface Retry {
  /** Retries besides the first try; 0 switches retries off. */
  readonly attempts: number
  /** Answers that are tried again. */
  readonly statusCodes: readonly number[]
  /** Further events, in the words of Envoy's `retry_on`. */
  readonly triggers?: readonly string[]
  /** Tries again when no connection could be made or the backend refused the stream. */
  readonly connectionErrors: boolean
  readonly backoffBaseMs?: number
  readonly backoffMaxMs?: number
  /** How long nothing may come from the backend during a try. */
  readonly perTryIdleMs?: number
  /** After so many tries in one priority of endpoints the next one is tried. */
  readonly attemptsPerPriority?: number
}

/** What a hash is made from: equal values lead to the same endpoint. */
export type HashSource =
  | { readonly kind: 'sourceIp' }
  /** All of them together. */
  | { readonly kind: 'headers' | 'queryParameters'; readonly names: readonly string[] }
  /** With a time to live, a client without the cookie gets one, with these attributes. */
  | { readonly kind: 'cookie'; readonly name: string; readonly ttlMs?: number; readonly attributes: readonly CookieAttribute[] }

/** A further attribute of a cookie; an empty value is written as none. */
export interface CookieAttribute {
  readonly name: string
  readonly value: string
}

/** Keeps a client on one endpoint. */
export interface SessionPersistence {
  readonly kind: 'cookie' | 'header'
  /** Name of the cookie or the header. */
  readonly name: string
  readonly path?: string
  /** 0: until the browser ends (a session cookie). */
  readonly lifetimeSeconds: number
  readonly absoluteTimeoutSeconds?: number
  /** True when no other endpoint may serve the session once its own is gone: then the request fails. */
  readonly strict: boolean
  /**
   * Of several backends the client stays with one, too, which a second cookie `<name>-backend` tells: with one of these, whatever their weights
   * (0 as well). Cookies only.
   */
  readonly backends?: readonly WeightedCluster[]
}

/** The names of the clusters that requests and their copies go to. */
export function forwardedTo({ clusters, mirrors, sessionPersistence }: Forward): readonly string[] {
  const sent = clusters.map(({ cluster }) => cluster)
  const kept = (sessionPersistence?.backends ?? []).map(({ cluster }) => cluster).filter((name) => !sent.includes(name))
  return [...sent, ...kept, ...mirrors.map(({ cluster }) => cluster)]
}
