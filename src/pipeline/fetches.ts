/** Fetching for policies, wired to the translation. */

import type { FetchRules } from '../fetch/destination.js'
import type { FetchCache } from '../fetch/fetch-cache.js'
import { fetchContent } from '../fetch/fetch-content.js'
import { type Attempt, Fetcher } from '../fetch/fetcher.js'
import { systemClock } from '../k8s/clock.js'
import type { Logger } from '../telemetry/logger.js'
import type { Metrics } from '../telemetry/metrics.js'
import type { ControlPlane } from './control-plane.js'

/** What it needs. */
export interface FetchingOptions {
  readonly rules: FetchRules
  readonly logger: Logger
  readonly metrics: Metrics
  readonly cache?: FetchCache
  /** Whose policies ask: it is made after this. */
  controlPlane(): Pick<ControlPlane, 'translation' | 'pipeline'>
}

/** A fetcher that sets what comes in the translation. */
export function createFetcher({ rules, logger, metrics, cache, controlPlane }: FetchingOptions): Fetcher {
  const log = logger.child({ component: 'fetch' })
  return new Fetcher({
    rules,
    clock: systemClock,
    fetch: fetchContent,
    ...(cache === undefined ? {} : { cache }),
    onFetched: (key, fetched) => {
      const { translation, pipeline } = controlPlane()
      if (translation.inputs.fetched.set(key, fetched)) pipeline.touched()
    },
    onAttempt: (attempt) => {
      metrics.fetches.inc({ kind: attempt.kind, outcome: attempt.outcome })
      tell(log, attempt)
    },
  })
}

function tell(log: Logger, { outcome, ...attempt }: Attempt): void {
  if (outcome === 'failed') log.warn(attempt, 'what a policy needs could not be fetched')
  else if (outcome === 'unchanged' || attempt.kind === 'provider') log.debug(attempt, 'what a policy needs was asked for again')
  else log.info(attempt, 'what a policy needs was fetched')
}
