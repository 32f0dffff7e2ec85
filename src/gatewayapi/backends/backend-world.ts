/** What resolving a backend reads. */
import type { View } from '../../incremental/index.js'
import type { TranslationContext } from '../context.js'
import type { GatewaySources } from '../gateway-sources.js'
import type { Inputs } from '../inputs.js'
import type { TargetedObjects } from '../policies/targeted-objects.js'
import type { GrantIndex } from '../reference-grants.js'
import type { BackendTlsPolicies } from './backend-tls-policies.js'
import type { TrafficPolicies } from './traffic-policies.js'

/** The sources of a backend. */
export interface BackendSources {
  readonly inputs: Inputs
  readonly context: TranslationContext
  readonly materials: GatewaySources['materials']
  readonly grants: GrantIndex
  readonly targeted: TargetedObjects
  readonly tlsPolicies: BackendTlsPolicies
  readonly trafficPolicies: TrafficPolicies
}

/** The sources as one fragment sees them. */
export interface BackendWorld extends BackendSources {
  readonly view: View
}
