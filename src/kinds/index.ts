/** Every kind that is read. */
import type { KindDefinition } from '../schema/kind.js'
import { backend } from './backend.js'
import { backendTlsPolicy } from './backend-tls-policy.js'
import { backendTrafficPolicy } from './backend-traffic-policy.js'
import { clientTrafficPolicy } from './client-traffic-policy.js'
import { clusterTrustBundle } from './cluster-trust-bundle.js'
import { configMap } from './config-map.js'
import { tcpRoute, udpRoute } from './connection-route.js'
import { endpointSlice } from './endpoint-slice.js'
import { envoyPatchPolicy } from './envoy-patch-policy.js'
import { extensionPolicy } from './extension-policy.js'
import { gateway } from './gateway.js'
import { gatewayClass } from './gateway-class.js'
import { gatewayConfig } from './gateway-config.js'
import { grpcRoute } from './grpc-route.js'
import { httpRoute } from './http-route.js'
import { httpRouteFilterKind } from './http-route-filter.js'
import { listenerSet } from './listener-set.js'
import { namespace } from './namespace.js'
import { referenceGrant } from './reference-grant.js'
import { secret } from './secret.js'
import { securityPolicy } from './security-policy.js'
import { service } from './service.js'
import { serviceImport } from './service-import.js'
import { tlsRoute } from './tls-route.js'
import { xBackend } from './x-backend.js'
import { xBackendTrafficPolicy } from './x-backend-traffic-policy.js'
import { xTelemetryPolicy } from './x-telemetry-policy.js'

/** Every kind that is read, in the order in which docs list them. */
export const KINDS: readonly KindDefinition[] = [
  gatewayClass,
  gateway,
  listenerSet,
  httpRoute,
  grpcRoute,
  tlsRoute,
  tcpRoute,
  udpRoute,
  referenceGrant,
  backendTlsPolicy,
  xBackend,
  xBackendTrafficPolicy,
  xTelemetryPolicy,
  backend,
  httpRouteFilterKind,
  gatewayConfig,
  clientTrafficPolicy,
  backendTrafficPolicy,
  securityPolicy,
  extensionPolicy,
  envoyPatchPolicy,
  service,
  serviceImport,
  endpointSlice,
  secret,
  configMap,
  clusterTrustBundle,
  namespace,
]
