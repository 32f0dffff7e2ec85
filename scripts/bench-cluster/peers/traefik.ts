import type { Peer } from './peer.js'

/** Traefik, from the manifests of its documentation: one program that reads the API and answers requests, without an Envoy. */
export const traefik: Peer = {
  name: 'traefik',
  title: 'Traefik',
  gatewayClass: 'traefik',
  manifests: [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'traefik' },
      spec: { controllerName: 'traefik.io/gateway-controller' },
    },
  ],
  controller: { namespace: 'default', labels: 'app=traefik-lb' },
  hasListenerSets: false,
}
