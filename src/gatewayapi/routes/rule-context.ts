/** What translating the rules of one route for one gateway knows. */
import type { BackendTrafficSettings, ExtensionSettings, SecuritySettings } from '../../gen/kinds.js'
import type { Source } from '../../incremental/index.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { PolicyAuthentication } from '../authentication/authentications.js'
import type { RouteKind } from '../model.js'
import type { RoutePolicies } from '../policies/effective-policies.js'
import type { TelemetryWishes } from '../telemetry/telemetry-wishes.js'
import type { ReferenceContext } from './find-backend.js'

/** What translating the rules of a route knows. */
export interface RuleContext extends ReferenceContext {
  readonly route: ObjectVersion & { readonly kind: RouteKind }
  /** What policies say about requests of the route; undefined where they say nothing, and for bytes and datagrams. */
  readonly traffic?: RoutePolicies<BackendTrafficSettings> | undefined
  /** Who may send which requests, likewise. */
  readonly security?: RoutePolicies<SecuritySettings> | undefined
  /** What the authentication of policies has found, by the key of a policy. */
  readonly authentications?: Source<PolicyAuthentication>
  /** What is asked for of the telemetry of gateways, by their keys. */
  readonly telemetry?: Source<TelemetryWishes>
  /** Programs that see requests, likewise. */
  readonly extensions?: RoutePolicies<ExtensionSettings> | undefined
}
