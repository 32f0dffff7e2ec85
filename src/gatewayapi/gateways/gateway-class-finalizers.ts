/**
 * Finalizers of GatewayClasses: a class that Gateways use is not to go before them.
 *
 * Source: Gateway API v1.7, `GatewayClassFinalizerGatewaysExist`.
 */
import type { Collection, Graph, Index } from '../../incremental/index.js'
import type { Inputs } from '../inputs.js'
import type { OurClass } from './gateway-classes.js'
import type { OurGateway } from './gateways.js'

/** The finalizer of a class that Gateways use. */
export const GATEWAY_EXISTS_FINALIZER = 'gateway-exists-finalizer.gateway.networking.k8s.io'

/** What has to be done to the finalizers of a class. */
export type FinalizerChange = 'add' | 'remove'

/** Declares which Gateways use a class, by its name. */
export function declareClassUsers(graph: Graph, gateways: Collection<OurGateway>): Index<OurGateway> {
  return graph.index(gateways, 'gateways by class', ({ gatewayClass }) => [gatewayClass.object.name])
}

/** Declares what is to be done to our classes, by their key; nothing for those that are as they should be. */
export function declareClassFinalizers(
  graph: Graph,
  inputs: Inputs,
  classes: Collection<OurClass>,
  users: Index<OurGateway>,
): Collection<FinalizerChange> {
  const objects = inputs.kind('GatewayClass')
  return graph.collection<FinalizerChange>('finalizers of gateway classes', {
    keys: classes,
    compute: (view, key) => {
      const name = view.get(classes, key)?.object.name
      const metadata = view.get(objects, key)?.metadata
      if (name === undefined || metadata === undefined) return undefined
      const has = (metadata.finalizers ?? []).includes(GATEWAY_EXISTS_FINALIZER)
      const isUsed = view.count(users, name) > 0
      // A class that is on its way out takes no new finalizer: the API server would refuse it.
      if (isUsed) return has || metadata.deletionTimestamp !== undefined ? undefined : 'add'
      return has ? 'remove' : undefined
    },
  })
}
