/** ExtensionPolicy as a kind of policy: what it may be about, and which of its settings cannot be done. */
import type { ExtensionPolicy, ExtensionPolicySpec, ExtensionSettings } from '../../gen/kinds.js'
import { MAX_EXTENSIONS } from '../../ir/extension.js'
import { isOfConnection } from '../../ir/framing-headers.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { isWhole, MAX_LEVELS } from '../../util/nesting.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import { backendKey } from '../backends/backend-key.js'
import type { Problem } from '../conditions.js'
import { toBackendRef } from '../routes/backend-references.js'
import { celSyntaxProblem } from './cel-expression.js'
import { extensionCount, processors } from './extensions.js'
import { readScript } from './lua-script.js'
import { unusedProblem } from './policy-backends.js'
import type { PolicyKind, PolicyWorld } from './policy-kind.js'
import { isBackendTarget, isConnectionTarget } from './policy-targets.js'
import { type FoundWasmModule, wasmModules } from './wasm-module.js'

type Settings = ExtensionSettings

/** The settings that are programs. */
const PROGRAMS = ['lua', 'extProc', 'wasm', 'dynamicModule'] as const

/** Envoy takes no longer one. */
const LONGEST_MESSAGE_TIMEOUT_MS = 3_600_000

/** ExtensionPolicy. Each setting is one thing: no list is mixed with that of another policy. */
export const EXTENSION_POLICY: PolicyKind<'ExtensionPolicy', Settings> = {
  name: 'ExtensionPolicy',
  whyUnsupported: 'For some rules it cannot be done',
  // A program may be there to keep somebody out.
  failsClosed: true,
  atoms: new Set(['grpcWeb', 'geoIP', 'lua', 'extProc', 'wasm', 'dynamicModule']),
  settingsOf: ({ grpcWeb, geoIP, lua, extProc, wasm, dynamicModule }: ExtensionPolicySpec) => ({
    ...(grpcWeb === undefined ? {} : { grpcWeb }),
    ...(geoIP === undefined ? {} : { geoIP }),
    ...(lua === undefined ? {} : { lua }),
    ...(extProc === undefined ? {} : { extProc }),
    ...(wasm === undefined ? {} : { wasm }),
    ...(dynamicModule === undefined ? {} : { dynamicModule }),
  }),
  overridesOf: ({ overrides }: ExtensionPolicySpec) => overrides,
  problemOf: (settings) =>
    countProblem(settings) ??
    timeoutProblem(settings) ??
    bodyProblem(settings) ??
    attributeProblem(settings) ??
    contextProblem(settings) ??
    headerProblem(settings),
  contentProblem: (world, settings, policy) => {
    for (const [at, spec] of (settings.lua ?? []).entries()) {
      const script = readScript(world.view, world.inputs, policy.namespace, spec)
      if (!script.ok) return unsupported(`lua[${at}]: ${script.message}`)
    }
    return modulesOf(world, settings, policy).flatMap(({ broken }) => broken ?? [])[0]
  },
  referenceProblem: (world, settings, policy) => {
    const context = { ...world.references, view: world.view, referrer: policy }
    const ofProcessors = processors(context, settings).flatMap(({ problem }) => problem ?? [])
    const named = (settings.extProc ?? []).map(({ backendRef }, at) => ({ field: `extProc[${at}].backendRef`, backendRef }))
    return (
      ofProcessors[0] ??
      unusedProblem(world, policy, named) ??
      modulesOf(world, settings, policy).flatMap(({ unresolved }) => unresolved ?? [])[0]
    )
  },
  togetherProblems: (settings) => {
    const count = extensionCount(settings)
    if (count <= MAX_EXTENSIONS) return []
    const message = `Together with other policies there are ${count} programs for some requests, which can have ${MAX_EXTENSIONS}: they get 500.`
    return PROGRAMS.flatMap((setting) => (settings[setting] === undefined ? [] : [{ reason: 'UnsupportedValue', message, setting }]))
  },
  // Nothing of it can be done with connections.
  isTarget: (kind) => !isBackendTarget(kind) && !isConnectionTarget(kind),
  targetProblem: () => undefined,
}

/** The keys of the backends that a policy names. */
export function backendsOfExtensions({ spec, metadata }: ExtensionPolicy): readonly string[] {
  const named = [...(spec.extProc ?? []), ...(spec.overrides?.extProc ?? [])].map(({ backendRef }) =>
    toBackendRef(backendRef, metadata.namespace, 'TCP'),
  )
  return [...new Set(named.flatMap((ref) => (ref === undefined ? [] : [backendKey(ref)])))]
}

function modulesOf({ references, view }: PolicyWorld, { wasm }: Settings, policy: ObjectVersion): readonly FoundWasmModule[] {
  return wasm === undefined ? [] : wasmModules({ ...references, view, referrer: policy }, wasm)
}

function countProblem(settings: Settings): Problem | undefined {
  const count = extensionCount(settings)
  return count <= MAX_EXTENSIONS ? undefined : unsupported(`there are ${count} extensions, a request can have ${MAX_EXTENSIONS}.`)
}

function timeoutProblem({ extProc }: Settings): Problem | undefined {
  const isPossible = (timeoutMs: number): boolean => timeoutMs > 0 && timeoutMs <= LONGEST_MESSAGE_TIMEOUT_MS
  const at = (extProc ?? []).findIndex(({ messageTimeout: text }) => text !== undefined && !isPossible(durationMilliseconds(text)))
  return at < 0 ? undefined : unsupported(`extProc[${at}].messageTimeout: must be longer than 0, and 1h at most.`)
}

/** What Envoy refuses, or does not do without a word. Source: Envoy 1.40, `ExternalProcessor.failure_mode_allow` and `observability_mode`. */
function bodyProblem({ extProc }: Settings): Problem | undefined {
  for (const [at, { failOpen, shadowMode, processingMode: mode }] of (extProc ?? []).entries()) {
    const bodies = [mode?.request?.body, mode?.response?.body].filter((body) => body !== undefined)
    if (shadowMode && bodies.some((body) => body !== 'Streamed')) {
      return unsupported(`extProc[${at}].shadowMode: a service that is only told sees bodies as they pass: Streamed.`)
    }
    if (failOpen && bodies.includes('FullDuplexStreamed')) {
      return unsupported(`extProc[${at}].failOpen: a body that is FullDuplexStreamed comes from the service, and cannot go on without it.`)
    }
  }
  return undefined
}

/** Attributes are expressions of CEL. */
function attributeProblem({ extProc }: Settings): Problem | undefined {
  for (const [at, { processingMode: mode }] of (extProc ?? []).entries()) {
    for (const direction of ['request', 'response'] as const) {
      for (const text of mode?.[direction]?.attributes ?? []) {
        const problem = celSyntaxProblem(text)
        if (problem !== undefined) {
          return unsupported(`extProc[${at}].processingMode.${direction}.attributes: "${text}" is no expression of CEL: ${problem}`)
        }
      }
    }
  }
  return undefined
}

/** What is handed on as an object must be one, and programs get all of what is written for them. */
function contextProblem({ lua, wasm, dynamicModule }: Settings): Problem | undefined {
  const handedOn = [
    ...(lua ?? []).map(({ filterContext }, at) => ({ field: `lua[${at}].filterContext`, value: filterContext })),
    ...(wasm ?? []).map(({ config }, at) => ({ field: `wasm[${at}].config`, value: config })),
    ...(dynamicModule ?? []).map(({ config }, at) => ({ field: `dynamicModule[${at}].config`, value: config })),
  ]
  const cut = handedOn.find(({ value }) => !isWhole(value))
  if (cut !== undefined) return unsupported(`${cut.field}: is nested too deeply, an object can have ${MAX_LEVELS} levels.`)
  const at = (lua ?? []).findIndex(
    ({ filterContext: context }) => context !== undefined && (typeof context !== 'object' || context === null || Array.isArray(context)),
  )
  return at < 0 ? undefined : unsupported(`lua[${at}].filterContext: must be an object.`)
}

/** What is found out about an address is no news about the connection. */
function headerProblem({ geoIP }: Settings): Problem | undefined {
  const wrong = Object.entries(geoIP?.headers ?? {}).find(([, name]: [string, string]) => isOfConnection(name.toLowerCase()))
  return wrong && unsupported(`geoIP.headers.${wrong[0]}: "${wrong[1]}" is a header of the connection: use another one.`)
}

function unsupported(message: string): Problem {
  return { reason: 'UnsupportedValue', message }
}
