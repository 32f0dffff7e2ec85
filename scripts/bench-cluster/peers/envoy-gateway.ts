import { NAMESPACE } from '../manifests.js'
import type { Peer } from './peer.js'

const namespace = 'envoy-gateway-system'

/** Envoy Gateway, from the chart in its Go module, with the Envoy that all get. */
export const envoyGateway: Peer = {
  name: 'envoy-gateway',
  title: 'Envoy Gateway',
  gatewayClass: 'envoy-gateway',
  manifests: [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'envoy-gateway' },
      spec: { controllerName: 'gateway.envoyproxy.io/gatewayclass-controller' },
    },
  ],
  controller: { namespace, labels: 'control-plane=envoy-gateway' },
  proxies: {
    namespace,
    labels: `gateway.envoyproxy.io/owning-gateway-name=bench,gateway.envoyproxy.io/owning-gateway-namespace=${NAMESPACE}`,
  },
  hasListenerSets: true,
}
