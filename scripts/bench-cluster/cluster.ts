/** The cluster as benchmarks use it. */
import { CONTENT_TYPE, type KubeClient } from '../../src/k8s/kube-client.js'
import { hasStatus } from '../../src/k8s/kube-error.js'
import { fieldAt, type JsonObject, listAt, stringAt } from '../../src/k8s/kube-json.js'
import { type ApiResource, collectionPath, objectPath } from '../../src/k8s/resource-path.js'
import { NAMESPACE } from './manifests.js'
import type { PodSelector } from './peers/peer.js'

const PLURALS: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  Deployment: 'deployments',
  Service: 'services',
  Secret: 'secrets',
  EndpointSlice: 'endpointslices',
  GatewayClass: 'gatewayclasses',
  Gateway: 'gateways',
  HTTPRoute: 'httproutes',
  ListenerSet: 'listenersets',
  EnvoyProxy: 'envoyproxies',
  ContourDeployment: 'contourdeployments',
}

/** The routes of the benchmark. */
export const ROUTES: ApiResource = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'httproutes' }

/** The Gateways. */
export const GATEWAYS: ApiResource = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'gateways' }

/** Services. */
export const SERVICES: ApiResource = { group: '', version: 'v1', plural: 'services' }

/** The addresses of Services. */
export const ENDPOINT_SLICES: ApiResource = { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' }

const DEPLOYMENTS: ApiResource = { group: 'apps', version: 'v1', plural: 'deployments' }
const PODS: ApiResource = { group: '', version: 'v1', plural: 'pods' }

/** A bound on every wait for a condition of the cluster. */
const WAIT_MS = 180_000

/** Creates or changes an object by server-side apply; resolves when the API server has answered. */
export async function apply(client: KubeClient, manifest: JsonObject, signal: AbortSignal): Promise<void> {
  const apiVersion = stringAt(manifest, 'apiVersion')
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  const plural = PLURALS[stringAt(manifest, 'kind')]
  if (group === undefined || version === undefined || plural === undefined) throw new Error(`cannot apply ${JSON.stringify(manifest)}`)
  const path = objectPath({
    group,
    version,
    plural,
    namespace: stringAt(manifest, 'metadata', 'namespace'),
    name: stringAt(manifest, 'metadata', 'name'),
  })
  const query = { fieldManager: 'bench', force: true }
  await client.json({ method: 'PATCH', path, query, body: manifest, contentType: CONTENT_TYPE.apply }, signal)
}

/** Deletes an object of the namespace of the benchmark, if it is there. */
export async function remove(client: KubeClient, resource: ApiResource, name: string, signal: AbortSignal): Promise<void> {
  try {
    await client.json({ method: 'DELETE', path: objectPath({ ...resource, namespace: NAMESPACE, name }) }, signal)
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
  }
}

/** Does something with each item, so many at a time. */
export async function forEachAtOnce<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** Asks until an answer is given, with a pause between. @throws Error that says what did not happen */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, withinMs: number = WAIT_MS, pauseMs = 200): Promise<T> {
  const end = performance.now() + withinMs
  while (performance.now() < end) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await pause(pauseMs)
  }
  throw new Error(`${what} did not happen within ${withinMs / 1000} s`)
}

/** Resolves after so many milliseconds. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The address of the Gateway, once it is Programmed. */
export async function gatewayAddress(client: KubeClient, signal: AbortSignal): Promise<string> {
  const path = objectPath({ ...GATEWAYS, namespace: NAMESPACE, name: 'bench' })
  return until('an address and Programmed of the Gateway (see `kubectl describe gateway bench`)', async () => {
    const gateway = await client.json({ path }, signal)
    const conditions = listAt(gateway, 'status', 'conditions')
    const isProgrammed = conditions.some((each) => stringAt(each, 'type') === 'Programmed' && stringAt(each, 'status') === 'True')
    const [address] = listAt(gateway, 'status', 'addresses')
    return isProgrammed && address !== undefined ? stringAt(address, 'value') : undefined
  })
}

/** A pod. */
export interface Pod {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly address: string
  readonly isRunning: boolean
  /** Told to end, and not gone yet. */
  readonly isEnding: boolean
}

/** The running pods of a selector, without those that were told to end. */
export async function podsOf(client: KubeClient, selector: PodSelector, signal: AbortSignal): Promise<readonly Pod[]> {
  return (await allPodsOf(client, selector, signal)).filter(({ isRunning, isEnding }) => isRunning && !isEnding)
}

/** The pods of a selector, in whatever state they are. */
export async function allPodsOf(client: KubeClient, { namespace, labels }: PodSelector, signal: AbortSignal): Promise<readonly Pod[]> {
  const list = await client.json({ path: collectionPath(PODS, namespace), query: { labelSelector: labels } }, signal)
  return listAt(list, 'items').map((pod) => ({
    uid: stringAt(pod, 'metadata', 'uid'),
    name: stringAt(pod, 'metadata', 'name'),
    namespace,
    address: stringAt(pod, 'status', 'podIP'),
    isRunning: stringAt(pod, 'status', 'phase') === 'Running',
    isEnding: stringAt(pod, 'metadata', 'deletionTimestamp') !== '',
  }))
}

/** Deletes a pod as `kubectl delete pod` does, without waiting. */
export async function deletePod(client: KubeClient, { namespace, name }: Pod, signal: AbortSignal): Promise<void> {
  await client.json({ method: 'DELETE', path: objectPath({ ...PODS, namespace, name }) }, signal)
}

/** Replaces the pods of the backend as `kubectl rollout restart` does; resolves when the old ones are gone. */
export async function rollBackend(client: KubeClient, signal: AbortSignal): Promise<void> {
  const path = objectPath({ ...DEPLOYMENTS, namespace: NAMESPACE, name: 'backend' })
  const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() }
  const body = { spec: { template: { metadata: { annotations } } } }
  await client.json({ method: 'PATCH', path, body, contentType: CONTENT_TYPE.mergePatch }, signal)
  await untilBackendIsUp(client, signal)
  await until('the end of the old pods of the backend', async () => {
    const pods = await allPodsOf(client, { namespace: NAMESPACE, labels: 'app=backend' }, signal)
    return pods.every(({ isEnding }) => !isEnding) || undefined
  })
}

/** Resolves when every pod of the backend is of its newest version, and available. */
export async function untilBackendIsUp(client: KubeClient, signal: AbortSignal): Promise<void> {
  const path = objectPath({ ...DEPLOYMENTS, namespace: NAMESPACE, name: 'backend' })
  await until('the rollout of the backend', async () => {
    const deployment = await client.json({ path }, signal)
    const wanted = fieldAt(deployment, 'spec', 'replicas')
    const status = (field: string): unknown => fieldAt(deployment, 'status', field)
    const isObserved = status('observedGeneration') === fieldAt(deployment, 'metadata', 'generation')
    return (isObserved && ['replicas', 'updatedReplicas', 'availableReplicas'].every((field) => status(field) === wanted)) || undefined
  })
}
