/**
 * Scripts of policies, inline or from a ConfigMap. Whether one compiles is for the proxy to say: it refuses what comes with a bad one, which
 * is traced to the policy or the ConfigMap.
 */
import { createHash } from 'node:crypto'
import type { ConfigMap, Lua } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import { type ObjectVersion, objectKey, objectVersion } from '../../util/object-ref.js'
import type { Inputs } from '../inputs.js'
import type { Read } from '../pem.js'

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
  if (ref === undefined || ref.group !== '' || ref.kind !== 'ConfigMap') {
    return { ok: false, message: 'a script comes from a ConfigMap, and from no other kind.' }
  }
  const key = objectKey(namespace, ref.name)
  const what = `the ConfigMap "${key}"`
  const found = view.get(inputs.kind('ConfigMap'), key)
  if (found === undefined) return { ok: false, message: `${what} does not exist.` }
  const quarantine = view.get(inputs.quarantines, `ConfigMap/${key}`)
  // An older script might let in whom this one keeps out.
  if (quarantine !== undefined && quarantine.generation === contentVersion(found))
    return { ok: false, message: `${what} was refused by Envoy: ${quarantine.message}` }
  const data = found.data ?? {}
  const keys = Object.keys(data)
  const [only] = keys.length === 1 ? keys : []
  const at = Object.hasOwn(data, SCRIPT_KEY) ? SCRIPT_KEY : only
  if (at === undefined) return { ok: false, message: `${what} has no key "${SCRIPT_KEY}" and not exactly one other.` }
  return { ok: true, value: { text: data[at] ?? '', origin: { ...objectVersion(found), generation: contentVersion(found) } } }
}

/** Nobody counts the generations of a ConfigMap: a number that its content decides, so that a rejection is traced to what changed. */
function contentVersion({ data = {} }: ConfigMap): number {
  const entries = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(entries)).digest().readUInt32BE(0)
}
