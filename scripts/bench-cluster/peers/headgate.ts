import { NAMESPACE } from '../manifests.js'
import type { Peer } from './peer.js'

/** This project, from its own chart. */
export const headgate: Peer = {
  name: 'headgate',
  title: 'Headgate',
  gatewayClass: 'headgate',
  manifests: [],
  controller: { namespace: 'headgate-system', labels: 'app.kubernetes.io/name=headgate' },
  proxies: { namespace: NAMESPACE, labels: 'gateway.networking.k8s.io/gateway-name=bench' },
  hasListenerSets: true,
  eventLoopMetricsPort: 19002,
}
