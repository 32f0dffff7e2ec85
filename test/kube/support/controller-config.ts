import type { KubernetesConfig } from '../../../src/config/config.js'
import { freePort } from '../../support/free-port.js'
import type { KubeApiServer } from './kube-apiserver.js'

/** The GatewayClasses of this controller are ours. */
export const CONTROLLER = 'headgate.dev/gateway-controller'

/** How a controller runs in a test: alone, silent, with ports of its own on loopback, at this API server. */
export async function controllerConfig({ kubeconfig }: Pick<KubeApiServer, 'kubeconfig'>): Promise<KubernetesConfig> {
  const local = async () => ({ host: '127.0.0.1', port: await freePort() })
  return {
    provider: 'kubernetes',
    log: { level: 'silent', format: 'json' },
    controllerName: CONTROLLER,
    envoyPatches: false,
    routePacking: 'rds',
    accessLog: 'off',
    xds: await local(),
    admin: await local(),
    health: await local(),
    metrics: await local(),
    namespace: 'default',
    watch: { kind: 'all' },
    kubeconfig,
    context: undefined,
    xdsService: 'headgate',
    authoritySecret: 'headgate-authority',
    awaitAuthority: false,
    envoyImage: 'envoyproxy/envoy:distroless-v1.40.0',
    replicaName: 'a',
    replicaAddress: '127.0.0.1',
    podAddresses: ['127.0.0.1'],
  }
}
