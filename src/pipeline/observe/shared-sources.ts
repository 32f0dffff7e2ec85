import type { AdminSources } from '../../admin/sources.js'
import type { Metrics } from '../../telemetry/metrics.js'
import type { ControlPlane } from '../control-plane.js'
import { effectivePoliciesOf } from './effective-policies.js'
import { listenerPlaces } from './listener-places.js'

/** What the admin server tells that is known alike wherever objects come from. */
export type SharedSources = Pick<AdminSources, 'snapshots' | 'places' | 'proxies' | 'effectivePolicies' | 'metrics'>

/** Reads them afresh each time that somebody asks. */
export function sharedSources({ translation, snapshots, server }: ControlPlane, { registry }: Metrics): SharedSources {
  return {
    snapshots,
    places: () => listenerPlaces(translation),
    proxies: () => server.tracker.proxies(Date.now()),
    effectivePolicies: (route) => effectivePoliciesOf(translation, route),
    metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}
