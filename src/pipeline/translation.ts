/** The whole translation as one graph: objects go in, resources for Envoy and statuses come out. */

import type { TranslationContext } from '../gatewayapi/context.js'
import { declareGatewayApi, type GatewayApi } from '../gatewayapi/declare.js'
import { declareInputs, type Inputs } from '../gatewayapi/inputs.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import type { KindName } from '../gen/kinds.js'
import { type Collection, Graph } from '../incremental/index.js'
import { KINDS } from '../kinds/index.js'
import { declareXds, type XdsCollections, type XdsOptions } from '../xds/translate/declare.js'
import { declarePatchStatuses } from './patch-statuses.js'

/** The graph and what stands in it. */
export interface Translation {
  readonly graph: Graph
  readonly inputs: Inputs
  readonly gatewayApi: GatewayApi
  readonly xds: XdsCollections
  /** By `EnvoyPatchPolicy/<namespace>/<name>`: what came of them is known behind the translation to Envoy. */
  readonly patchStatuses: Collection<ObjectStatus>
}

/** A translation without any object yet. */
export function createTranslation(context: TranslationContext, options: XdsOptions = {}): Translation {
  const graph = new Graph()
  // The names of the types are generated from the kinds.
  const inputs = declareInputs(
    graph,
    KINDS.map(({ kind }) => kind as KindName),
  )
  const gatewayApi = declareGatewayApi(graph, inputs, context)
  const xds = declareXds(graph, gatewayApi, { ...options, patches: context.envoyPatches ?? false })
  return { graph, inputs, gatewayApi, xds, patchStatuses: declarePatchStatuses(graph, gatewayApi.patchPolicies, xds.patched) }
}
