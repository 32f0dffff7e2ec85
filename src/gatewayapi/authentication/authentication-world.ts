/** What resolving the authentication of a policy reads. */
import type { View } from '../../incremental/index.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Inputs } from '../inputs.js'
import type { RuleSources } from '../routes/find-backend.js'

/** The sources. */
export interface AuthenticationSources extends RuleSources {
  readonly inputs: Inputs
}

/** The sources as one fragment sees them, and the policy that it is about. */
export interface AuthenticationWorld extends AuthenticationSources {
  readonly view: View
  readonly policy: ObjectVersion
}
