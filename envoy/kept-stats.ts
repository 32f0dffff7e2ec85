/**
 * The statistics that our Envoys keep. Envoy's default is several hundred per cluster: at thousands of clusters they cost more
 * memory and scrape time than the configuration itself. Everything that is not listed here is never created.
 */
import type { envoy } from '../src/gen/envoy/types.js'

/**
 * Whole families, by the beginning of the name. Without the dot behind them: Envoy tries beginnings that end with one whenever somebody
 * counts by a name, several times for every request, and the others only when a statistic is made.
 */
const PREFIXES = ['server', 'main_thread.watchdog', 'cluster_manager', 'listener_manager', 'control_plane', 'overload']

/** Single statistics of every listener, connection manager, cluster and filter, by the end of the name. */
const SUFFIXES = [
  // Connections from clients and to backends.
  '_cx_total',
  '_cx_active',
  'upstream_cx_connect_fail',
  'upstream_cx_connect_timeout',
  'upstream_cx_overflow',
  'downstream_cx_overload_reject',
  'downstream_cx_overflow',
  'downstream_global_cx_overflow',
  // Requests of clients, by class of answer, with their latencies; of backends see below.
  '_rq_total',
  '_rq_active',
  'downstream_rq_1xx',
  'downstream_rq_2xx',
  'downstream_rq_3xx',
  'downstream_rq_4xx',
  'downstream_rq_5xx',
  'downstream_rq_time',
  '.no_route',
  'upstream_rq_retry',
  'upstream_rq_retry_success',
  'upstream_rq_retry_overflow',
  'upstream_rq_timeout',
  'upstream_rq_pending_overflow',
  'upstream_rq_rx_reset',
  // Backends.
  '.membership_total',
  '.membership_healthy',
  '.outlier_detection.ejections_active',
  // Sizes, where a policy asks for them.
  '.upstream_rq_headers_size',
  '.upstream_rq_headers_count',
  '.upstream_rq_body_size',
  '.upstream_rs_headers_size',
  '.upstream_rs_headers_count',
  '.upstream_rs_body_size',
  // TLS.
  '.ssl.handshake',
  '.ssl.connection_error',
  '.ssl.fail_verify_error',
  '.ssl.fail_verify_no_cert',
  '.ssl.fail_verify_san',
  // Answers of policies.
  '.ext_authz.denied',
  '.ext_authz.error',
  '.jwt_authn.denied',
  '.rbac.denied',
  '.ratelimit.over_limit',
  '.ratelimit.error',
  '.rate_limited',
  '.aborts_injected',
  // Configuration over xDS.
  '.lds.update_rejected',
  '.cds.update_rejected',
]

/** Single statistics that are there only where somebody asks for them, by a part of the name. */
const PARTS = ['.grpc.']

/** What Envoy counts a second time for requests that are not internal: none is, so it would be all of them. */
const COUNTED_TWICE = '.external'

/** Answers of backends by class, and their latencies. */
const OF_BACKENDS = `(?:${notEndingIn(COUNTED_TWICE)})\\.upstream_rq_(?:[1-5]xx|time)`

/** An expression for texts that do not end in another one, which expressions without look-behind have to spell out. */
function notEndingIn(end: string): string {
  const shorter = Array.from({ length: end.length }, (_, at) => quote(end.slice(at + 1)))
  return shorter.map((rest, at) => `.*[^${end[at]}]${rest}`).join('|')
}

function quote(text: string): string {
  return text.replaceAll('.', '\\.')
}

/**
 * The bootstrap's filter on statistics.
 *
 * @param more patterns of further ones
 */
export function keptStats(more: readonly envoy.type.matcher.v3.StringMatcher[] = []): envoy.config.metrics.v3.StatsMatcher {
  return {
    inclusionList: {
      patterns: [
        ...PREFIXES.map((prefix) => ({ prefix })),
        ...SUFFIXES.map((suffix) => ({ suffix })),
        ...PARTS.map((contains) => ({ contains })),
        { safeRegex: { regex: OF_BACKENDS } },
        ...more,
      ],
    },
  }
}
