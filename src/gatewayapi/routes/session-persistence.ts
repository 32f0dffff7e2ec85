/** Sticky sessions. Source: Gateway API v1.7, SessionPersistence (GEP-1619). */
import { createHash } from 'node:crypto'
import type { SessionPersistence as SessionPersistenceSpec } from '../../gen/kinds.js'
import type { SessionPersistence, WeightedCluster } from '../../ir/forward.js'
import { durationMilliseconds } from '../../kinds/duration.js'

/**
 * Sticky sessions of a rule.
 *
 * @param rule identifies the rule: sessions of different rules must not share a cookie of the same name
 * @param backends where they must stay with one of several backends, too: these
 */
export function sessionPersistenceOf(
  spec: SessionPersistenceSpec,
  rule: string,
  backends: readonly WeightedCluster[] | undefined,
): SessionPersistence {
  const absoluteTimeoutSeconds =
    spec.absoluteTimeout === undefined ? undefined : Math.ceil(durationMilliseconds(spec.absoluteTimeout) / 1000)
  const timeout = absoluteTimeoutSeconds === undefined ? {} : { absoluteTimeoutSeconds }
  if (spec.type === 'Header') {
    return { kind: 'header', name: spec.header?.name ?? defaultName(rule), lifetimeSeconds: 0, ...timeout, strict: false }
  }
  return {
    kind: 'cookie',
    name: spec.cookie?.name ?? defaultName(rule),
    path: spec.cookie?.path ?? '/',
    lifetimeSeconds: spec.cookie?.lifetimeType === 'Permanent' ? (absoluteTimeoutSeconds ?? 0) : 0,
    ...timeout,
    strict: false,
    ...(backends === undefined ? {} : { backends }),
  }
}

/**
 * Why sessions of a rule with several backends cannot stay with one of them; undefined if they can.
 *
 * @param counts whether the rule has limits that a route of Envoy counts for itself
 */
export function whySharedOut({ type }: SessionPersistenceSpec, counts: boolean): string | undefined {
  if (type === 'Header') return 'by a header, requests of a session are shared out among several backends: use a cookie.'
  // A session is kept by a route per backend, each of which would count from the beginning.
  return counts
    ? 'with a local rate limit or a limit of bandwidth, requests of a session are shared out among several backends.'
    : undefined
}

/** True if a session outlives its `absoluteTimeout`: Envoy ends only sessions whose cookie expires. */
export function lastsTooLong({ absoluteTimeout, cookie }: SessionPersistenceSpec): boolean {
  return absoluteTimeout !== undefined && cookie?.lifetimeType !== 'Permanent'
}

function defaultName(rule: string): string {
  return `headgate-session-${createHash('sha256').update(rule).digest('hex').slice(0, 8)}`
}
