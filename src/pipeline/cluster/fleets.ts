/** What a controller makes in a cluster: the Envoys of Gateways, Services for backends that choose pods, and finalizers of classes in use. */
import type { KubernetesConfig } from '../../config/config.js'
import { createBackendServices } from '../../infra/kubernetes/backend-services.js'
import type { BindAddresses } from '../../infra/kubernetes/bind-addresses.js'
import { createClassFinalizers } from '../../infra/kubernetes/class-finalizers.js'
import { drainKey } from '../../infra/kubernetes/drain-key.js'
import { FleetImages } from '../../infra/kubernetes/fleet-images.js'
import { fleetGroup } from '../../infra/kubernetes/pod-placements.js'
import { Provisioner } from '../../infra/kubernetes/provisioner.js'
import type { KubernetesProvider } from '../../provider/kubernetes/kubernetes-provider.js'
import { objectKey } from '../../util/object-ref.js'
import { runAll } from '../../util/run-all.js'
import type { ControlPlane } from '../control-plane.js'
import type { PipelineOptions } from '../pipeline.js'
import type { ClusterAccess } from './access.js'

/** Knows all the time what is to be there, and makes it while this replica leads. */
export interface ClusterFleets {
  readonly provisioner: Provisioner
  /** What the pipeline tells. */
  readonly told: Required<Pick<PipelineOptions, 'onInfra' | 'onSelectedPods' | 'onClassFinalizers' | 'imageOf'>>
  /** Makes, changes and removes until the signal aborts. */
  lead(signal: AbortSignal): Promise<void>
}

/**
 * @param provider reads the Gateways and classes that fleets belong to
 * @param controlPlane what tells and is told; asked for when there is something to tell
 */
export function clusterFleets(
  { edge, authority, serverName, drainSecret }: ClusterAccess,
  { controllerName, envoyImage, namespace, watch, xds }: KubernetesConfig,
  addresses: BindAddresses,
  provider: Pick<KubernetesProvider, 'isFollowed'>,
  controlPlane: () => ControlPlane,
): ClusterFleets {
  const images = new FleetImages(envoyImage)
  const backendServices = createBackendServices({ ...edge, controllerName })
  const classFinalizers = createClassFinalizers(edge)
  const provisioner = new Provisioner({
    ...edge,
    controllerName,
    namespaces: watch.kind === 'namespaces' ? [...new Set([...watch.namespaces, namespace])] : [''],
    controllerNamespace: namespace,
    bindAddresses: addresses,
    envoyImage,
    xds: () => ({ host: serverName, port: xds.port, authorities: authority.certificate }),
    drainKeyOf: (group) => drainKey(drainSecret, group),
    uidOf: (owner) => {
      const metadata = controlPlane().store.find(owner.kind, objectKey(owner.namespace, owner.name))?.metadata
      // What a deletion takes away before its Gateway is not made again. A class stays until its last Gateway is gone, and so does its fleet.
      return owner.kind === 'Gateway' && metadata?.deletionTimestamp !== undefined ? undefined : metadata?.uid
    },
    knowsOwners: async () => {
      if (!provider.isFollowed('Gateway') || !provider.isFollowed('GatewayClass')) return false
      await controlPlane().pipeline.idle()
      return true
    },
    onAddresses: (gateway, assigned) => {
      const { translation, pipeline } = controlPlane()
      if (translation.inputs.addresses.set(gateway, assigned)) pipeline.touched()
    },
  })
  return {
    provisioner,
    told: {
      imageOf: (group) => images.of(controlPlane().translation.gatewayApi.infra.get(group)),
      onInfra: (changes) => {
        const changed = images.changed(changes).map(fleetGroup)
        if (changed.length > 0) controlPlane().pipeline.imagesChanged(new Set(changed))
        provisioner.set(changes)
      },
      onSelectedPods: (changes) => backendServices.set(changes),
      onClassFinalizers: (changes) => classFinalizers.set(changes),
    },
    lead: (signal) =>
      runAll([(each) => provisioner.lead(each), (each) => backendServices.lead(each), (each) => classFinalizers.lead(each)], signal),
  }
}
