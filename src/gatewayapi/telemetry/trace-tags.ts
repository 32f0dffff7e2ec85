/** Tags of spans, as configurations and policies of ours name them. */
import type { SpanTag } from '../../gen/kinds.js'
import type { TraceTag } from '../../ir/telemetry.js'

/** The tags in the words of the IR, in their order. */
export function tagsOf(tags: readonly SpanTag[]): readonly TraceTag[] {
  return tags.map(({ name, value, requestHeader }) =>
    requestHeader === undefined
      ? { name, kind: 'format', value: value ?? '' }
      : { name, kind: 'header', header: requestHeader.toLowerCase() },
  )
}
