/** WebAssembly modules of policies. Whether one can run is for the proxy to say. */
import type { Wasm, WasmCodeSource } from '../../gen/kinds.js'
import type { WasmCode, WasmExtension } from '../../ir/extension.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import { type ContentKind, contentOrigin, refusalOfContent } from '../content-origin.js'
import { fetchedContent } from '../fetches/fetched-content.js'
import { moduleRequest } from '../fetches/module-request.js'
import type { ReferenceContext } from '../routes/find-backend.js'
import { findProgramConfigMap, programKey } from './program-config-map.js'

/** A module, and the object besides the policy that its code comes from. */
export interface WasmModule {
  readonly extension: WasmExtension
  readonly origin?: ObjectVersion
}

/** What became of a module of a policy. */
export interface FoundWasmModule {
  /** Undefined: it cannot be used. */
  readonly module: WasmModule | undefined
  /** Why the policy as a whole does not count. */
  readonly broken: Problem | undefined
  /** What leads nowhere, and the policy counts nevertheless. */
  readonly unresolved: Problem | undefined
}

/** A WebAssembly binary begins so. Source: WebAssembly Core 1.0, 5.5.16: "\\0asm" and version 1. */
const MAGIC = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
const MODULE_KEY = 'wasm'

/** Follows references from the policy that says a module. */
export type WasmContext = ReferenceContext & { readonly referrer: ObjectVersion }

/** Modules of a policy, in their order. */
export function wasmModules(context: WasmContext, wasm: readonly Wasm[]): readonly FoundWasmModule[] {
  return wasm.map((spec, at) => {
    const code = codeOf(context, spec.code, `wasm[${at}].code`)
    // Requests go on without a module that may be missing.
    if (!code.ok) return { module: undefined, ...(spec.failOpen ? { broken: undefined, unresolved: code.problem } : broken(code.problem)) }
    const { namespace, name } = context.referrer
    const extension = extensionOf(spec, `${namespace}/${name}/${at}`, code.value.code)
    const origin = code.value.originOf?.(extension)
    const refusal = origin && refusalOf(context, origin, `wasm[${at}].code`)
    // Requests go on without one that is refused, as without one that is not there.
    if (refusal !== undefined)
      return { module: undefined, ...(spec.failOpen ? { broken: undefined, unresolved: refusal } : broken(refusal)) }
    return { module: { extension, ...(origin === undefined ? {} : { origin }) }, broken: undefined, unresolved: undefined }
  })
}

/** Why a module that was fetched is not sent: proxies refused it, with what the policy says of it. */
function refusalOf({ view, inputs }: ReferenceContext, origin: ObjectVersion, where: string): Problem | undefined {
  const refusal = origin.kind === FETCHED ? refusalOfContent(view, inputs, origin) : undefined
  return refusal === undefined ? undefined : { reason: 'Invalid', message: `${where}: the module was refused by Envoy: ${refusal}` }
}

const FETCHED: ContentKind = 'FetchedModule'

/** A module with what a policy says of it: what proxies refuse with some words they may take with others. */
function fetchedOrigin(version: string, { code: _, ...said }: WasmExtension): ObjectVersion {
  return contentOrigin(FETCHED, said.machine, JSON.stringify([version, said]))
}

function broken(problem: Problem): Omit<FoundWasmModule, 'module'> {
  return { broken: problem, unresolved: undefined }
}

function extensionOf({ name, rootID, config, env, failOpen }: Wasm, machine: string, code: WasmCode): WasmExtension {
  return {
    kind: 'wasm',
    name: name ?? machine,
    rootId: rootID ?? '',
    machine,
    code,
    ...(config === undefined ? {} : { config: typeof config === 'string' ? config : JSON.stringify(config) }),
    hostEnvironment: [...new Set(env?.hostKeys ?? [])].sort(),
    failOpen,
  }
}

type FoundCode =
  | { readonly ok: true; readonly value: { readonly code: WasmCode; readonly originOf?: (extension: WasmExtension) => ObjectVersion } }
  | { readonly ok: false; readonly problem: Problem }

function codeOf(context: ReferenceContext, source: WasmCodeSource, where: string): FoundCode {
  switch (source.type) {
    case 'ValueRef':
      return givenCode(context, source.valueRef, where)
    case 'File':
      return { ok: true, value: { code: { kind: 'file', path: source.path ?? '' } } }
    case 'HTTP':
    case 'Image':
      return fetchedCode(context, source, where)
  }
}

/** Code that is not there yet is like code that does not exist. */
function fetchedCode(context: ReferenceContext, source: WasmCodeSource, where: string): FoundCode {
  const request = moduleRequest(context, source, where)
  if (request === undefined || !request.ok) return request ?? unusable(`${where}: says nothing.`)
  const fetched = fetchedContent(context, request.value, `${where}: the module`)
  if (!fetched.ok) return fetched
  const { content, version } = fetched.value
  if (content.kind !== 'module') return unusable(`${where}: it is no module.`)
  const code: WasmCode = { kind: 'inline', base64: content.base64 }
  return { ok: true, value: { code, originOf: (extension) => fetchedOrigin(version, extension) } }
}

function givenCode({ view, inputs, referrer }: ReferenceContext, ref: WasmCodeSource['valueRef'], where: string): FoundCode {
  const found = findProgramConfigMap(view, inputs, referrer.namespace, ref, 'a module')
  if (!found.ok) return unusable(`${where}: ${found.message}`)
  const { what, configMap, origin } = found.value
  const content = configMap.binaryData ?? {}
  const key = programKey(content, MODULE_KEY)
  if (key === undefined) return unusable(`${where}: ${what} has in its binaryData no key "${MODULE_KEY}" and not exactly one other.`)
  const base64 = content[key] ?? ''
  const beginning = Buffer.from(base64.slice(0, 4 * MAGIC.length), 'base64').subarray(0, MAGIC.length)
  if (!beginning.equals(MAGIC)) return unusable(`${where}: the key "${key}" of ${what} is no WebAssembly module.`)
  return { ok: true, value: { code: { kind: 'inline', base64 }, originOf: () => origin } }
}

function unusable(message: string): FoundCode {
  return { ok: false, problem: { reason: 'UnsupportedValue', message } }
}
