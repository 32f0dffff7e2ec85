/** What happens to requests and answers of a route on their way, besides where they go. */
import type { ObjectVersion } from '../util/object-ref.js'
import type { RouteTracing } from './telemetry.js'

/** All of it; what is undefined does not happen. */
export interface RequestTraffic {
  readonly fault?: Fault
  /** The preferred one first. */
  readonly compression?: readonly Compression[]
  readonly decompression?: readonly Decompression[]
  readonly overrides?: readonly ResponseOverride[]
  readonly admission?: Admission
  readonly rateLimit?: RateLimit
  readonly bandwidth?: Bandwidth
  /** Requests wait until they are complete; larger ones are refused. */
  readonly maxBufferedBytes?: number
  /** Requests are counted by this name as well. */
  readonly statName?: string
  /** Undefined: as the listener says. */
  readonly tracing?: RouteTracing
}

/** True for limits that a route of Envoy counts for itself: several routes in its place would each count from the beginning. */
export function countsForItself(traffic: Pick<RequestTraffic, 'rateLimit' | 'bandwidth'> | undefined): boolean {
  return traffic?.rateLimit?.kind === 'local' || traffic?.bandwidth !== undefined
}

/** A share of requests. */
export interface RequestShare {
  readonly numerator: number
  readonly denominator: number
}

/** Requests that are made slow or fail on purpose. */
export interface Fault {
  readonly delay?: { readonly ms: number; readonly share: RequestShare }
  readonly abort?: { readonly status: { readonly http: number } | { readonly grpc: number }; readonly share: RequestShare }
}

/** An algorithm. */
export type CompressionAlgorithm = 'brotli' | 'gzip' | 'zstd'

/** Answers that are compressed for clients that take it. */
export interface Compression {
  readonly algorithm: CompressionAlgorithm
  readonly level: 'fastest' | 'balanced' | 'smallest'
  readonly minBytes: number
  /** Empty: those of Envoy. */
  readonly contentTypes: readonly string[]
}

/** What is decompressed. */
export interface Decompression {
  readonly algorithm: CompressionAlgorithm
  readonly requests: boolean
  readonly responses: boolean
}

/** Another answer instead of one that matches. */
export interface ResponseOverride {
  /** One of them; ends are included. Empty: any. */
  readonly statuses: readonly { readonly from: number; readonly to: number }[]
  /** All of them. Names are lower case. */
  readonly headers: readonly { readonly name: string; readonly kind: 'exact' | 'prefix' | 'suffix' | 'regex'; readonly value: string }[]
  /** `local`: answers of the proxy itself. */
  readonly source: 'any' | 'local' | 'backend'
  readonly answer: CustomAnswer | CustomRedirect
}

/** An answer; what is undefined is as before. */
export interface CustomAnswer {
  readonly kind: 'answer'
  readonly statusCode?: number
  readonly contentType?: string
  readonly body?: string
  readonly set: readonly { readonly name: string; readonly value: string }[]
  readonly add: readonly { readonly name: string; readonly value: string }[]
}

/** A redirect of the client; what is undefined is as in the request. */
export interface CustomRedirect {
  readonly kind: 'redirect'
  readonly statusCode: number
  readonly scheme?: 'http' | 'https'
  readonly hostname?: string
  readonly port?: number
  readonly path?: string
}

/** Requests are turned away when too many failed; Envoy's own values where undefined. */
export interface Admission {
  readonly windowSeconds?: number
  readonly minSuccessPercent?: number
  readonly aggression?: number
  readonly minRequestsPerSecond?: number
  readonly maxRejectionPercent?: number
  readonly goodStatuses?: readonly number[]
  readonly goodGrpcStatuses?: readonly number[]
}

/** How many bytes of bodies may pass. */
export interface Bandwidth {
  readonly requestKibPerSecond?: number
  readonly responseKibPerSecond?: number
  /** Says behind answers how long they waited, under names that begin so. */
  readonly trailerPrefix?: string
}

/** How often something may be asked. */
export interface RateLimit {
  readonly kind: 'local' | 'global'
  /** `<namespace>/<policy>`: what counts are named by. */
  readonly policy: string
  /** The rule of the route that counts. */
  readonly scope: string
  readonly rules: readonly RateLimitRule[]
  /** True: answers say what is left. */
  readonly headers: boolean
  /** True: requests pass while the service cannot be asked. */
  readonly failOpen: boolean
}

/** A limit. */
export interface RateLimitRule {
  /** All of them must match; those that are distinct count each value for itself. */
  readonly parts: readonly RateLimitPart[]
  readonly requests: number
  readonly unit: RateLimitUnit
  /** Where the metadata of a request says how many instead; global limits only. */
  readonly override?: { readonly namespace: string; readonly path: readonly string[] }
  readonly requestCost?: RateLimitCost
  readonly responseCost?: RateLimitCost
  /** True: one count for everything that the policy is about. */
  readonly isShared: boolean
  /** Counts before anybody finds out who is asking and whether they may; of local limits alone. */
  readonly isEarly?: true
  readonly isShadow: boolean
}

/** A time. */
export type RateLimitUnit = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year'

/** What something counts for: a number, or a command of Envoy that gives one. */
export type RateLimitCost = { readonly number: number } | { readonly format: string }

/** A part of a request. */
export type RateLimitPart =
  /** Names of headers are lower case. */
  | { readonly kind: 'header' | 'queryParameter'; readonly name: string; readonly match: RateLimitMatch }
  | { readonly kind: 'methods'; readonly methods: readonly string[]; readonly invert: boolean }
  | { readonly kind: 'path'; readonly match: 'exact' | 'prefix' | 'regex'; readonly value: string; readonly invert: boolean }
  | {
      readonly kind: 'address'
      readonly range: { readonly address: string; readonly bits: number }
      readonly isDistinct: boolean
      readonly invert: boolean
    }
  /** Of a token that jwt_authn has checked. */
  | { readonly kind: 'claim'; readonly provider: string; readonly path: readonly string[] }

/** How a value is compared. */
export type RateLimitMatch =
  | { readonly kind: 'distinct' }
  | { readonly kind: 'exact' | 'regex'; readonly value: string; readonly invert: boolean }

/** The limits of a policy that all Envoys count together. */
export interface RateLimitDomain {
  /** `<namespace>/<policy>`. */
  readonly policy: string
  readonly rules: readonly RateLimitRule[]
  readonly origins: readonly ObjectVersion[]
}
