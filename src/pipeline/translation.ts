/** The whole translation as one graph: objects go in, resources for Envoy and statuses come out. */

import type { TranslationContext } from '../gatewayapi/context.js'
import { declareGatewayApi, type GatewayApi } from '../gatewayapi/declare.js'
import { declareInputs, type Inputs } from '../gatewayapi/inputs.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import type { KindName } from '../gen/kinds.js'
import { type Collection, Graph, type Input } from '../incremental/index.js'
import { KINDS } from '../kinds/index.js'
import { declareXds, type XdsCollections, type XdsOptions } from '../xds/translate/declare.js'
import { type HookAnswer, type HookOptions, sameAnswer } from '../xds/translate/extension-hooks/hook.js'
import { declarePatchStatuses } from './patch-statuses.js'

/** The graph and what stands in it. */
export interface Translation {
  readonly graph: Graph
  readonly inputs: Inputs
  readonly gatewayApi: GatewayApi
  readonly xds: XdsCollections
  /** By `EnvoyPatchPolicy/<namespace>/<name>`: what came of them is known behind the translation to Envoy. */
  readonly patchStatuses: Collection<ObjectStatus>
  /** What an extension server answered, by `hookKey`; undefined without one. */
  readonly hookAnswers: Input<HookAnswer> | undefined
}

/**
 * A translation without any object yet.
 *
 * @param hooks what an extension server is asked about; undefined without one
 */
export function createTranslation(context: TranslationContext, options: XdsOptions = {}, hooks?: HookOptions): Translation {
  const graph = new Graph()
  // The names of the types are generated from the kinds.
  const inputs = declareInputs(
    graph,
    KINDS.map(({ kind }) => kind as KindName),
  )
  const gatewayApi = declareGatewayApi(graph, inputs, context)
  const hookAnswers = hooks && graph.input<HookAnswer>('extension answers', sameAnswer)
  const { quarantines } = inputs
  const hookInputs = hooks && hookAnswers && { options: hooks, answers: hookAnswers, quarantines }
  const xds = declareXds(graph, gatewayApi, { ...options, patches: context.envoyPatches ?? false }, hookInputs)
  const patchStatuses = declarePatchStatuses(graph, gatewayApi.patchPolicies, xds.patched)
  return { graph, inputs, gatewayApi, xds, patchStatuses, hookAnswers }
}
