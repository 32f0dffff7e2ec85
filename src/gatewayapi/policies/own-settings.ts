/** What a rule of a route says itself and policies say as well: there the rule counts, and of policies only their overrides. */
import type { AnyRule } from '../routes/rule-outcome.js'

/** True if the rule says a field of policies of a kind itself. @param path names from the outside in, with dots between them */
export function saysItself(rule: AnyRule, kind: string, path: string): boolean {
  switch (kind) {
    case 'BackendTrafficPolicy':
      if (path === REQUEST_TIMEOUT) return rule.timeouts?.request !== undefined
      if (path === TRY_TIMEOUT) return rule.timeouts?.backendRequest !== undefined
      return rule.retry !== undefined && path.startsWith('retry.')
    case 'SecurityPolicy':
      return (path === 'cors' && hasFilter(rule, 'CORS')) || (path === 'extAuth' && hasFilter(rule, 'ExternalAuth'))
    default:
      return false
  }
}

const REQUEST_TIMEOUT = 'timeouts.http.requestTimeout'
const TRY_TIMEOUT = 'retry.perRetry.timeout'

/** The filters of an only backend are those of its rule. */
function hasFilter({ filters = [], backendRefs = [] }: AnyRule, type: string): boolean {
  const [only] = backendRefs.length === 1 ? backendRefs : []
  return [...filters, ...(only?.filters ?? [])].some((each) => each.type === type)
}
