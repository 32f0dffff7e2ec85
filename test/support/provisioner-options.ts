/** How provisioners of tests are set up. */
import type { ProvisionerOptions } from '../../src/infra/kubernetes/provisioner.js'
import type { Clock } from '../../src/k8s/clock.js'
import type { KubeClient } from '../../src/k8s/kube-client.js'
import { silentLog } from '../../src/k8s/log.js'

/** A provisioner of the whole cluster, whose controller is in the namespace `system`. `more` is what a test is about. */
export function provisionerOptions(
  client: KubeClient,
  clock: Clock,
  more: Pick<ProvisionerOptions, 'uidOf' | 'onAddresses'> & Partial<ProvisionerOptions>,
): ProvisionerOptions {
  return {
    client,
    clock,
    log: silentLog,
    controllerName: 'headgate.dev/gateway-controller',
    namespaces: [''],
    controllerNamespace: 'system',
    envoyImage: 'envoyproxy/envoy:distroless-v1.40.0',
    xds: () => ({ host: 'headgate.system.svc.cluster.local', port: 18_000, authorities: 'PEM' }),
    drainKeyOf: (group) => `key of ${group}`,
    ...more,
  }
}
