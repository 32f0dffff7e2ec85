/** Bodies of answers that policies and filters give, inline or from a ConfigMap. */
import type { CustomResponseBody, LocalObjectReference } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import { MAX_DIRECT_RESPONSE_BYTES } from '../../ir/route.js'
import { objectKey } from '../../util/object-ref.js'
import type { Inputs } from '../inputs.js'
import type { Read } from '../materials/pem.js'
import { templateProblem } from './response-template.js'

/** The key of a ConfigMap that holds a body, where it has several. */
const BODY_KEY = 'response.body'

/** The text of a body, or why there is none. */
export function responseBody(view: View, inputs: Inputs, namespace: string, body: CustomResponseBody): Read<string> {
  const text = body.type === 'Inline' ? shortEnough(body.inline ?? '') : bodyOfConfigMap(view, inputs, namespace, body.valueRef)
  if (!text.ok) return text
  const problem = body.isTemplate ? templateProblem(text.value) : undefined
  return problem === undefined ? text : { ok: false, message: problem }
}

/** The text of a body that a ConfigMap holds, or why there is none. */
export function bodyOfConfigMap(view: View, inputs: Inputs, namespace: string, valueRef: LocalObjectReference | undefined): Read<string> {
  if (valueRef === undefined || valueRef.group !== '' || valueRef.kind !== 'ConfigMap') {
    return { ok: false, message: 'a body comes from a ConfigMap, and from no other kind.' }
  }
  const what = `the ConfigMap "${namespace}/${valueRef.name}"`
  const found = view.get(inputs.kind('ConfigMap'), objectKey(namespace, valueRef.name))
  if (found === undefined) return { ok: false, message: `${what} does not exist.` }
  const data = found.data ?? {}
  const keys = Object.keys(data)
  const [only] = keys.length === 1 ? keys : []
  const key = Object.hasOwn(data, BODY_KEY) ? BODY_KEY : only
  return key === undefined
    ? { ok: false, message: `${what} has no key "${BODY_KEY}" and not exactly one other.` }
    : shortEnough(data[key] ?? '')
}

function shortEnough(value: string): Read<string> {
  const bytes = Buffer.byteLength(value)
  return bytes > MAX_DIRECT_RESPONSE_BYTES
    ? { ok: false, message: `it has ${bytes} bytes, the limit is ${MAX_DIRECT_RESPONSE_BYTES}.` }
    : { ok: true, value }
}
