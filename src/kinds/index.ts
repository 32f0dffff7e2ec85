/** Every kind that is read. */
import type { KindDefinition } from '../schema/kind.js'
import { backend } from './backend.js'
import { configMap } from './config-map.js'
import { endpointSlice } from './endpoint-slice.js'
import { gateway } from './gateway.js'
import { gatewayClass } from './gateway-class.js'
import { grpcRoute } from './grpc-route.js'
import { httpRoute } from './http-route.js'
import { namespace } from './namespace.js'
import { referenceGrant } from './reference-grant.js'
import { secret } from './secret.js'
import { service } from './service.js'

/** Every kind that is read, in the order in which docs list them. */
export const KINDS: readonly KindDefinition[] = [
  gatewayClass,
  gateway,
  httpRoute,
  grpcRoute,
  referenceGrant,
  backend,
  service,
  endpointSlice,
  secret,
  configMap,
  namespace,
]
