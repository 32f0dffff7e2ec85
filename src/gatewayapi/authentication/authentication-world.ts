/** What resolving the authentication of a policy reads. */
import type { View } from '../../incremental/index.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { RuleSources } from '../routes/find-backend.js'

/** The sources as one fragment sees them, and the policy that it is about. */
export interface AuthenticationWorld extends RuleSources {
  readonly view: View
  readonly policy: ObjectVersion
}
