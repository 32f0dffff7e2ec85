/** The rows of the feature table, read from the Go module of the Gateway API: fields from its CRDs, constants from its types. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/** One thing that must have a test. */
export interface Row {
  /** As tests name it. */
  readonly name: string
  /** The object or status that it belongs to. */
  readonly group: string
}

const KINDS: Readonly<Record<string, string>> = {
  GatewayClass: 'gatewayclasses',
  Gateway: 'gateways',
  HTTPRoute: 'httproutes',
  GRPCRoute: 'grpcroutes',
  ReferenceGrant: 'referencegrants',
}

interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly additionalProperties?: JsonSchema | boolean
}

/** Leaf fields of the five kinds in the experimental channel, and every condition type and reason. */
export function featureRows(module: string): readonly Row[] {
  return [...Object.entries(KINDS).flatMap(([kind, plural]) => fieldRows(module, kind, plural)), ...constantRows(module)]
}

function fieldRows(module: string, kind: string, plural: string): Row[] {
  const file = join(module, 'config', 'crd', 'experimental', `gateway.networking.k8s.io_${plural}.yaml`)
  const crd = parse(readFileSync(file, 'utf8')) as {
    readonly spec: { readonly versions: readonly { readonly name: string; readonly schema: { readonly openAPIV3Schema: JsonSchema } }[] }
  }
  const schema = crd.spec.versions.find(({ name }) => name === 'v1')?.schema.openAPIV3Schema
  if (schema === undefined) throw new Error(`${file} has no version v1`)
  return ['spec', 'status']
    .flatMap((part) => leaves(schema.properties?.[part], part))
    .map((path) => ({ name: `${kind} ${path}`, group: kind }))
}

/** Paths of values: arrays add nothing to a path, a map is one leaf. */
function leaves(schema: JsonSchema | undefined, path: string): string[] {
  if (schema === undefined) return []
  if (schema.items !== undefined) return leaves(schema.items, path)
  if (schema.properties === undefined) return [path]
  return Object.entries(schema.properties).flatMap(([name, child]) => leaves(child, `${path}.${name}`))
}

const CONSTANT = /^\s+\w+\s+(\w+)Condition(Type|Reason)\s*=\s*"(\w+)"/gm
const OWNERS: ReadonlySet<string> = new Set(['GatewayClass', 'Gateway', 'Listener', 'Route'])

function constantRows(module: string): Row[] {
  const folder = join(module, 'apis', 'v1')
  const found = readdirSync(folder)
    .filter((file) => file.endsWith('_types.go'))
    .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(CONSTANT)])
    .filter(([, owner = '']) => OWNERS.has(owner))
    .map(([, owner = '', what = '', value = '']) => ({
      name: `${owner} ${what === 'Type' ? 'condition' : 'reason'} ${value}`,
      group: `${owner} status`,
    }))
  return [...new Map(found.map((row) => [row.name, row])).values()]
}
