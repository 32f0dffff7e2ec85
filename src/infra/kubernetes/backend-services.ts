/** Makes the headless Services by which Kubernetes finds the pods that XBackends choose, and deletes those that nobody needs any more. */
import { type SelectedPods, selectedPodsService, X_BACKEND_LABEL, xBackendLabel } from '../../gatewayapi/backends/selected-pods.js'
import { serverSideApply } from '../../k8s/apply.js'
import type { Clock } from '../../k8s/clock.js'
import { deleteObject } from '../../k8s/delete-object.js'
import type { KubeClient } from '../../k8s/kube-client.js'
import { isRawObject, type JsonObject, type RawObject } from '../../k8s/kube-json.js'
import type { Log } from '../../k8s/log.js'
import { objectPath } from '../../k8s/resource-path.js'
import { DesiredWriter } from './desired-writer.js'
import { INFRA_FIELD_MANAGER } from './fleet-writer.js'
import { CONTROLLER_ANNOTATION, hasLabels, ownLabels } from './labels.js'
import { ownedResource } from './owned-kinds.js'

const LABELS = ownLabels('backend')

/** What it works with. */
export interface BackendServiceOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  /** Named on what is made: two installations in one cluster leave each other's Services alone. */
  readonly controllerName: string
}

/** Writes the Services; the keys are `XBackend/<namespace>/<name>`. */
export function createBackendServices({ client, clock, log, controllerName }: BackendServiceOptions): DesiredWriter<SelectedPods> {
  const pathOf = (namespace: string, name: string): string => objectPath({ ...ownedResource('Service'), namespace, name })
  const read = async (namespace: string, name: string, signal: AbortSignal): Promise<RawObject | undefined> => {
    const found = await client.find(pathOf(namespace, name), signal)
    return isRawObject(found) ? found : undefined
  }
  const remove = async (key: string, signal: AbortSignal): Promise<void> => {
    const [, namespace = '', xBackend = ''] = key.split('/')
    const name = selectedPodsService(xBackend)
    const found = await read(namespace, name, signal)
    if (found === undefined || !isOurs(found, controllerName)) return
    await deleteObject(client, pathOf(namespace, name), found.metadata.uid, signal)
  }
  const bring = async (key: string, pods: SelectedPods | undefined, signal: AbortSignal): Promise<void> => {
    if (pods === undefined) return remove(key, signal)
    if (pods.isThere) return
    const { namespace, service } = pods
    const existing = await read(namespace, service, signal)
    if (existing !== undefined && !isOurs(existing, controllerName)) {
      throw new Error(`the Service ${namespace}/${service} belongs to somebody else: rename or delete it, or rename the XBackend`)
    }
    const target = { ...ownedResource('Service'), namespace, name: service }
    // What does not exist yet is made without force, so that one which appears at this moment is not taken over.
    const options = { fieldManager: INFRA_FIELD_MANAGER, force: existing !== undefined }
    await serverSideApply(client, target, manifestOf(pods, controllerName), options, signal)
  }
  return new DesiredWriter({ clock, log, what: 'the Service of an XBackend', bring })
}

/** The Service of an XBackend. */
function manifestOf({ namespace, service, xBackend, matchLabels, port }: SelectedPods, controllerName: string): JsonObject {
  const { name, uid } = xBackend
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace,
      name: service,
      labels: { ...LABELS, [X_BACKEND_LABEL]: xBackendLabel(name) },
      annotations: { [CONTROLLER_ANNOTATION]: controllerName },
      // Whatever becomes of us, Kubernetes deletes it with the XBackend.
      ...(uid === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: 'gateway.networking.x-k8s.io/v1alpha1', kind: 'XBackend', name, uid, controller: true }] }),
    },
    spec: { clusterIP: 'None', selector: matchLabels, ports: [{ port, targetPort: port, protocol: 'TCP' }] },
  }
}

function isOurs(object: RawObject, controllerName: string): boolean {
  return hasLabels(object, LABELS) && object.metadata.annotations?.[CONTROLLER_ANNOTATION] === controllerName
}
