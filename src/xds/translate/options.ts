import type { RateLimitService } from './clusters/rate-limit-cluster.js'
import { DEFAULT_ROUTE_PACKING, type RoutePacking } from './packing.js'
import type { AccessLogMode } from './telemetry/access-log-mode.js'

/** What the translation to Envoy knows besides the IR: the same for all gateways, fixed for the life of the process. */
export interface TranslateOptions {
  /** What proxies write to their standard output about requests and connections. */
  readonly accessLog: AccessLogMode
  /** The PEM file on the proxy's disk with the authorities that `trust: system` means. */
  readonly systemTrustFile: string
  readonly packing: RoutePacking
  /** Whether EnvoyPatchPolicies may change what proxies get. */
  readonly patches: boolean
  /** Who counts requests for all proxies; undefined: nobody. */
  readonly rateLimitService?: RateLimitService
}

/** The settings of Envoy's own container image, which are those of Debian as well. */
export const DEFAULT_TRANSLATE_OPTIONS: TranslateOptions = {
  accessLog: 'errors',
  systemTrustFile: '/etc/ssl/certs/ca-certificates.crt',
  packing: DEFAULT_ROUTE_PACKING,
  patches: false,
}
