import { NAMESPACE } from '../manifests.js'
import type { Peer } from './peer.js'

/** Contour, from the manifests in its Go module: the provisioner makes a Contour and its Envoys for the Gateway. */
export const contour: Peer = {
  name: 'contour',
  title: 'Contour',
  gatewayClass: 'contour',
  manifests: [
    {
      apiVersion: 'projectcontour.io/v1alpha1',
      kind: 'ContourDeployment',
      metadata: { name: 'bench', namespace: 'projectcontour' },
      // One replica of each, as with the others; everything else as it comes.
      spec: { contour: { deployment: { replicas: 1 } }, envoy: { workloadType: 'Deployment', deployment: { replicas: 1 } } },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'contour' },
      spec: {
        controllerName: 'projectcontour.io/gateway-controller',
        parametersRef: { group: 'projectcontour.io', kind: 'ContourDeployment', name: 'bench', namespace: 'projectcontour' },
      },
    },
  ],
  controller: { namespace: NAMESPACE, labels: 'app=contour-bench' },
  proxies: { namespace: NAMESPACE, labels: 'app=envoy-bench' },
  hasListenerSets: false,
}
