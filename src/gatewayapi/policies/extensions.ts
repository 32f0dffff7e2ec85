/** What the settings of ExtensionPolicies mean, in the words of the IR. */
import type { DynamicModule, ExtensionSettings, ExtProc, Lua, ProcessingModeOptions } from '../../gen/kinds.js'
import { type Extension, type GeoIp, MAX_EXTENSIONS, type ProcessedDirection, type ProcessorExtension } from '../../ir/extension.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import { findBackend, type ReferenceContext } from '../routes/find-backend.js'
import type { RuleContext } from '../routes/rule-context.js'
import { readScript, type Script } from './lua-script.js'
import type { Effective } from './policy.js'
import { type WasmContext, wasmModules } from './wasm-module.js'

/** What policies add to a rule. */
export interface RuleExtensions {
  readonly extensions?: readonly Extension[]
  readonly grpcWeb?: true
  readonly geoIp?: GeoIp
  /** Objects besides policies that programs come from. */
  readonly origins: readonly ObjectVersion[]
}

/** How many programs settings ask for. */
export function extensionCount({ lua = [], extProc = [], wasm = [], dynamicModule = [] }: ExtensionSettings): number {
  return lua.length + extProc.length + wasm.length + dynamicModule.length
}

/**
 * What policies add to a rule. References are followed from the policy that says a field.
 *
 * @returns undefined where several policies together ask for more than a request can have: then the rule must not be served
 */
export function ruleExtensions(context: RuleContext, effective: Effective<ExtensionSettings> | undefined): RuleExtensions | undefined {
  if (effective === undefined) return { origins: [] }
  const { settings, origins } = effective
  if (extensionCount(settings) > MAX_EXTENSIONS) return undefined
  const by = (field: keyof ExtensionSettings): WasmContext => ({ ...context, referrer: origins[field] ?? context.route })
  const scripts = (settings.lua ?? []).map((spec) => ({ spec, script: scriptOf(by('lua'), spec) }))
  const modules = wasmModules(by('wasm'), settings.wasm ?? []).flatMap(({ module }) => module ?? [])
  const extensions: readonly Extension[] = [
    // Where one cannot be read its policy is broken, and the rule is not served.
    ...scripts.flatMap(({ spec, script }) => (script === undefined ? [] : [luaOf(spec, script)])),
    ...processors(by('extProc'), settings).map(({ processor }) => processor),
    ...modules.map(({ extension }) => extension),
    ...(settings.dynamicModule ?? []).map(dynamicModuleOf),
  ]
  return {
    origins: [...scripts.map(({ script }) => script), ...modules].flatMap((program) => program?.origin ?? []),
    ...(extensions.length === 0 ? {} : { extensions }),
    ...(settings.grpcWeb === undefined ? {} : { grpcWeb: true }),
    ...(settings.geoIP === undefined ? {} : { geoIp: geoIpOf(settings.geoIP) }),
  }
}

/** The services of settings, and what is wrong with the references to them. */
export function processors(
  context: ReferenceContext,
  { extProc = [] }: ExtensionSettings,
): readonly { readonly processor: ProcessorExtension; readonly problem: Problem | undefined }[] {
  return extProc.map((spec, at) => {
    const found = findBackend(context, spec.backendRef, 'grpc')
    const cluster = found.ok ? found.cluster : undefined
    const problem = found.ok ? undefined : found.problem
    return {
      processor: processorOf(spec, cluster),
      problem: problem && { reason: problem.reason, message: `extProc[${at}].backendRef: ${problem.message}` },
    }
  })
}

function scriptOf({ view, inputs, referrer }: ReferenceContext, spec: Lua): Script | undefined {
  const script = readScript(view, inputs, referrer.namespace, spec)
  return script.ok ? script.value : undefined
}

function luaOf({ filterContext: given }: Lua, { text }: Script): Extension {
  return { kind: 'lua', script: text, ...(typeof given === 'object' && given !== null ? { context: given } : {}) }
}

function processorOf(spec: ExtProc, cluster: string | undefined): ProcessorExtension {
  const { processingMode: mode, messageTimeout, statusOnError, metadata } = spec
  const seesHeaders: ProcessedDirection = { body: 'none', trailers: false, attributes: [] }
  return {
    kind: 'processor',
    cluster,
    ...(messageTimeout === undefined ? {} : { messageTimeoutMs: durationMilliseconds(messageTimeout) }),
    failOpen: spec.failOpen,
    ...(statusOnError === undefined ? {} : { statusOnError }),
    request: mode === undefined ? seesHeaders : directionOf(mode.request),
    response: mode === undefined ? seesHeaders : directionOf(mode.response),
    mayChangeMode: mode?.allowModeOverride ?? false,
    isShadow: spec.shadowMode,
    readableMetadata: metadata?.accessibleNamespaces ?? [],
    writableMetadata: metadata?.writableNamespaces ?? [],
  }
}

const BODIES = {
  Streamed: 'streamed',
  Buffered: 'buffered',
  FullDuplexStreamed: 'fullDuplexStreamed',
  BufferedPartial: 'bufferedPartial',
} as const satisfies Record<NonNullable<ProcessingModeOptions['body']>, ProcessedDirection['body']>

function directionOf(options: ProcessingModeOptions | undefined): ProcessedDirection | undefined {
  if (options === undefined) return undefined
  const { body, trailers, attributes } = options
  return {
    body: body === undefined ? 'none' : BODIES[body],
    trailers: trailers ?? body === 'FullDuplexStreamed',
    attributes: attributes ?? [],
  }
}

function dynamicModuleOf({ name, filterName, config, doNotClose, loadGlobally, terminalFilter }: DynamicModule): Extension {
  return {
    kind: 'dynamicModule',
    name,
    filterName: filterName ?? name,
    ...(config === undefined ? {} : { config: typeof config === 'string' ? config : JSON.stringify(config) }),
    ...(doNotClose ? { staysLoaded: true } : {}),
    ...(loadGlobally ? { isGlobal: true } : {}),
    isTerminal: terminalFilter,
  }
}

function geoIpOf({ maxMind, headers }: NonNullable<ExtensionSettings['geoIP']>): GeoIp {
  const { cityDbPath: city, countryDbPath: country, asnDbPath: asn, ispDbPath: isp, anonymousDbPath: anonymous } = maxMind
  const lowerCase = Object.entries(headers).map(([fact, name]: [string, string]) => [fact, name.toLowerCase()])
  return {
    databases: Object.fromEntries(Object.entries({ city, country, asn, isp, anonymous }).filter(([, path]) => path !== undefined)),
    headers: Object.fromEntries(lowerCase),
  }
}
