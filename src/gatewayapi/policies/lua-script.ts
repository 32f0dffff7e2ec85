/**
 * Scripts of policies, inline or from a ConfigMap. Whether one compiles is for the proxy to say: it refuses what comes with a bad one, which
 * is traced to the policy or the ConfigMap.
 */
import type { Lua } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Inputs } from '../inputs.js'
import type { Read } from '../materials/pem.js'
import { findProgramConfigMap, programKey } from './program-config-map.js'

/** A script, and the object besides the policy that it comes from. */
export interface Script {
  readonly text: string
  readonly origin?: ObjectVersion
}

/** The key of a ConfigMap that holds a script, where it has several. */
const SCRIPT_KEY = 'lua'
const MAX_SCRIPT_BYTES = 1_048_576

/** The functions that a proxy calls. */
const HANDLERS = ['envoy_on_request', 'envoy_on_response']

/** A script, or why it cannot be used. */
export function readScript(view: View, inputs: Inputs, namespace: string, { type, inline, valueRef }: Lua): Read<Script> {
  const script: Read<Script> =
    type === 'Inline' ? { ok: true, value: { text: inline ?? '' } } : fromConfigMap(view, inputs, namespace, valueRef)
  if (!script.ok) return script
  const { text } = script.value
  if (Buffer.byteLength(text) > MAX_SCRIPT_BYTES) return { ok: false, message: `the script is longer than ${MAX_SCRIPT_BYTES} bytes.` }
  if (!HANDLERS.some((name) => text.includes(name))) return { ok: false, message: `the script has neither ${HANDLERS.join(' nor ')}.` }
  return script
}

function fromConfigMap(view: View, inputs: Inputs, namespace: string, ref: Lua['valueRef']): Read<Script> {
  const found = findProgramConfigMap(view, inputs, namespace, ref, 'a script')
  if (!found.ok) return found
  const { what, configMap, origin } = found.value
  const data = configMap.data ?? {}
  const at = programKey(data, SCRIPT_KEY)
  if (at === undefined) return { ok: false, message: `${what} has no key "${SCRIPT_KEY}" and not exactly one other.` }
  return { ok: true, value: { text: data[at] ?? '', origin } }
}
