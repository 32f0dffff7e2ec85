/**
 * Bodies that are larger than they may be.
 *
 * Envoy's own filters leave that to the buffer of the request (`setDecoderBufferLimit`), and it answers 413 only when something is put into
 * it by a filter that waits for all of it. What came at once with the end of the request, and what came while a filter before that one
 * waited, passes however large it is; a request of which more is to come then waits for ever, because nothing is read any more. So places
 * whose filters take no larger bodies look at what is there already: before, and behind a filter that waits for all of it once more.
 */
import type { envoy, xds } from '../../../gen/envoy/types.js'
import { any } from '../../message.js'
import { attribute, call, celExpr, numberValue } from '../cel.js'
import { ALL } from '../fraction.js'

/** Answers 413. It is a filter for faults, because nothing else in Envoy answers with any status and costs nothing where it does not run. */
export const TOO_LARGE: envoy.config.core.v3.TypedExtensionConfig = {
  name: 'envoy.filters.http.fault',
  typedConfig: any('envoy.extensions.filters.http.fault.v3.HTTPFault', {
    abort: {
      httpStatus: 413,
      percentage: ALL,
    },
  }),
}

/**
 * True of requests with larger bodies. `request.size` is the length that the request says, and what came of it so far where it says none: behind
 * Envoy's buffer, which writes the length down, that is all of it. What cannot be read as a length is too large.
 */
export function isLarger(maxBytes: number): xds.type.matcher.v3.Matcher.MatcherList.Predicate {
  const expr = celExpr(call('_<=_', attribute('request', 'size'), numberValue(maxBytes)))
  const isSmall = {
    input: { name: 'attributes', typedConfig: any('xds.type.matcher.v3.HttpAttributesCelMatchInput', {}) },
    customMatch: { name: 'size', typedConfig: any('xds.type.matcher.v3.CelMatcher', { exprMatch: { parsedExpr: { expr } } }) },
  }
  return { notMatcher: { singlePredicate: isSmall } }
}
