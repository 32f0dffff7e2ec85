/**
 * The configuration that GatewayClasses and Gateways refer to. Source: Gateway API v1.7, `parametersRef` of GatewayClass and of
 * `Gateway.spec.infrastructure`: a reference that cannot be used is a reason not to accept.
 */
import type { GatewayConfigSpec } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import { type ObjectVersion, objectKey, objectVersion } from '../../util/object-ref.js'
import { GATEWAY_GROUP, type Problem } from '../conditions.js'
import type { Inputs } from '../inputs.js'
import { servedVersion } from '../served-version.js'

/** A reference to configuration, of a GatewayClass or of a Gateway. */
export interface ParametersRef {
  readonly group: string
  readonly kind: string
  readonly name: string
  /** Undefined on a reference that names none; a Gateway's always points to its own namespace. */
  readonly namespace?: string
}

/** What a reference leads to. */
export type Parameters = { readonly problem: Problem } | FoundParameters

/** A configuration, if there is one. */
export interface FoundParameters {
  readonly config: GatewayConfigSpec | undefined
  readonly object?: ObjectVersion
  /** Envoy's own words, where it refuses what the configuration says about telemetry: then that of the last good version counts, if there is one. */
  readonly refused?: string
}

/** Looks up what is referred to; no reference is no configuration. */
export function readParameters(view: View, inputs: Pick<Inputs, 'kind' | 'quarantines'>, ref: ParametersRef | undefined): Parameters {
  if (ref === undefined) return { config: undefined }
  const { group, kind, name, namespace } = ref
  const named = `parametersRef names the ${group === '' ? kind : `${kind}.${group}`} "${name}"`
  if (group !== 'headgate.dev' || kind !== 'GatewayConfig') {
    const hint = group === GATEWAY_GROUP ? 'kinds of Gateway API hold no parameters' : 'this controller knows no such kind'
    return refused(`${named}: ${hint}; name a GatewayConfig of headgate.dev, or remove the reference.`)
  }
  if (namespace === undefined) return refused(`${named} without a namespace: a GatewayConfig is in one; say which.`)
  const found = view.get(inputs.kind('GatewayConfig'), objectKey(namespace, name))
  if (found === undefined)
    return refused(`${named} in the namespace "${namespace}", which does not exist: create it, or remove the reference.`)
  const quarantine = view.get(inputs.quarantines, `GatewayConfig/${objectKey(namespace, name)}`)
  const object = objectVersion(found)
  const served = servedVersion(found, quarantine)
  if (!served.isRefused && served.object === found) return { config: found.spec, object }
  // Proxies can refuse nothing but the telemetry: the last one that they took counts, or none.
  const { accessLogs: _logs, tracing: _tracing, ...config } = found.spec
  const { accessLogs, tracing } = served.isRefused ? {} : served.object.spec
  const telemetry = { ...(accessLogs === undefined ? {} : { accessLogs }), ...(tracing === undefined ? {} : { tracing }) }
  return { config: { ...config, ...telemetry }, object, refused: quarantine?.message ?? '' }
}

/** The configuration of a Gateway: its own over that of its class. Objects are merged field by field, lists and values replaced. */
export function mergeParameters(
  ofClass: GatewayConfigSpec | undefined,
  own: GatewayConfigSpec | undefined,
): Readonly<Record<string, unknown>> {
  return mergeRecords({ ...ofClass }, { ...own })
}

type Fields = Readonly<Record<string, unknown>>

function mergeRecords(below: Fields, above: Fields): Fields {
  const merged = Object.entries(above).map(([field, value]) => {
    const under = below[field]
    return [field, isRecord(under) && isRecord(value) ? mergeRecords(under, value) : value] as const
  })
  return { ...below, ...Object.fromEntries(merged) }
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refused(message: string): Parameters {
  return { problem: { reason: 'InvalidParameters', message } }
}
