/**
 * The Go module of the Gateway API, which holds the real CRDs: tests compare ours with them.
 *
 * Needs Go on the PATH; the module comes from its proxy on first use and from the module cache afterwards.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { goModuleFolder } from './go-module.js'

const MODULE = 'sigs.k8s.io/gateway-api@v1.7.0'

/** A CustomResourceDefinition as far as tests read it. */
export interface CustomResourceDefinition {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec: {
    readonly group: string
    readonly scope: 'Namespaced' | 'Cluster'
    readonly names: { readonly kind: string; readonly plural: string; readonly shortNames?: readonly string[] }
    readonly versions: readonly {
      readonly name: string
      readonly served: boolean
      readonly storage: boolean
      readonly subresources?: { readonly status?: object }
      readonly schema: { readonly openAPIV3Schema: Readonly<Record<string, unknown>> }
    }[]
  }
}

/** The folder of the module. */
export function gatewayApiModuleFolder(): string {
  return goModuleFolder(MODULE)
}

/** The CRDs of a channel, by kind. */
export function gatewayApiCrds(channel: 'standard' | 'experimental'): ReadonlyMap<string, CustomResourceDefinition> {
  const folder = join(gatewayApiModuleFolder(), 'config', 'crd', channel)
  const crds = readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), 'utf8')))
    .map((document): unknown => document.toJS())
    .filter(isCrd)
  return new Map(crds.map((crd) => [crd.spec.names.kind, crd]))
}

function isCrd(value: unknown): value is CustomResourceDefinition {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'CustomResourceDefinition'
}
