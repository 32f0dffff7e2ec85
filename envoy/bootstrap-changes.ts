/** What a GatewayConfig changes in the file that Envoys start with. */
import { deepEqual } from '../src/util/deep-equal.js'
import { errorText } from '../src/util/error-text.js'
import { applyOperations, type PatchOperation } from '../src/util/json-patch.js'
import { fromProtoJson, toProtoJson } from '../src/xds/message.js'
import { XDS_CLUSTER } from './xds-cluster.js'

/** Changes of a bootstrap, in the order in which they are made. */
export interface BootstrapChanges {
  /** Put over it: objects are put together, lists become longer, everything else takes the place of what was there. */
  readonly merge?: unknown
  /** On the bootstrap as ProtoJSON. */
  readonly operations: readonly PatchOperation[]
}

/** A bootstrap as text, and why nothing was changed. */
export interface ChangedBootstrap {
  readonly text: string
  readonly problem?: string
}

const BOOTSTRAP = 'envoy.config.bootstrap.v3.Bootstrap'

/** No ConfigMap holds more. */
const MOST_MIB = 1

/**
 * Changes a bootstrap. One that would be none, or that would take an Envoy away from its controller, is not changed at all.
 *
 * @param text canonical ProtoJSON
 */
export function changeBootstrap(text: string, { merge, operations }: BootstrapChanges): ChangedBootstrap {
  if (merge === undefined && operations.length === 0) return { text }
  try {
    const before: unknown = JSON.parse(text)
    const asked = applyOperations(merge === undefined ? before : put(before, merge), operations, MOST_MIB)
    const after = toProtoJson(BOOTSTRAP, fromProtoJson(BOOTSTRAP, asked))
    const lost = [...LIFELINES].find(([, read]) => !deepEqual(read(before), read(after)))
    if (lost !== undefined) return { text, problem: `${lost[0]} cannot be changed: the Envoys would lose their controller` }
    return { text: `${JSON.stringify(after, undefined, 2)}\n` }
  } catch (error) {
    return { text, problem: errorText(error) }
  }
}

/** What an Envoy must keep, by what people call it. */
const LIFELINES: ReadonlyMap<string, (bootstrap: unknown) => unknown> = new Map([
  ['admin', (bootstrap) => member(bootstrap, 'admin')],
  ['node', (bootstrap) => member(bootstrap, 'node')],
  ['dynamicResources', (bootstrap) => member(bootstrap, 'dynamicResources')],
  [`the cluster ${XDS_CLUSTER}`, (bootstrap) => named(member(member(bootstrap, 'staticResources'), 'clusters'), XDS_CLUSTER)],
  ['the listeners of the pod', (bootstrap) => own(member(member(bootstrap, 'staticResources'), 'listeners'))],
])

function member(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined
}

function named(list: unknown, name: string): readonly unknown[] {
  return Array.isArray(list) ? list.filter((each) => member(each, 'name') === name) : []
}

function own(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list.filter((each) => String(member(each, 'name')).startsWith('headgate_')) : []
}

function put(under: unknown, over: unknown): unknown {
  if (Array.isArray(under) && Array.isArray(over)) return [...under, ...over]
  if (!isObject(under) || !isObject(over)) return over
  const both = Object.entries(over).map(([name, value]) => [name, name in under ? put(under[name], value) : value] as const)
  return { ...under, ...Object.fromEntries(both) }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
