/** The cluster as benchmarks use it. */
import type { KubeClient } from '../../src/k8s/kube-client.js'
import { CONTENT_TYPE } from '../../src/k8s/kube-client.js'
import { hasStatus } from '../../src/k8s/kube-error.js'
import { type JsonObject, listAt, stringAt } from '../../src/k8s/kube-json.js'
import { objectPath } from '../../src/k8s/resource-path.js'
import { NAMESPACE } from './manifests.js'

const PLURALS: Readonly<Record<string, string>> = {
  Namespace: 'namespaces',
  Deployment: 'deployments',
  Service: 'services',
  Gateway: 'gateways',
  HTTPRoute: 'httproutes',
}

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
  await client.json(
    { method: 'PATCH', path, query: { fieldManager: 'bench', force: true }, body: manifest, contentType: CONTENT_TYPE.apply },
    signal,
  )
}

/** Removes the namespace of the benchmark with everything in it, and waits until it is gone. */
export async function removeNamespace(client: KubeClient, signal: AbortSignal): Promise<void> {
  const path = objectPath({ group: '', version: 'v1', plural: 'namespaces', namespace: '', name: NAMESPACE })
  for (let attempt = 0; attempt < 600; attempt++) {
    try {
      await client.json({ method: attempt === 0 ? 'DELETE' : 'GET', path }, signal)
    } catch (error) {
      if (hasStatus(error, 404)) return
      throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error(`the namespace ${NAMESPACE} does not go away`)
}

/** The address of the Gateway, once it is Programmed. */
export async function gatewayAddress(client: KubeClient, signal: AbortSignal): Promise<string> {
  const path = objectPath({ group: 'gateway.networking.k8s.io', version: 'v1', plural: 'gateways', namespace: NAMESPACE, name: 'bench' })
  for (let attempt = 0; attempt < 600; attempt++) {
    const gateway = await client.json({ path }, signal)
    const conditions = listAt(gateway, 'status', 'conditions')
    const isProgrammed = conditions.some((each) => stringAt(each, 'type') === 'Programmed' && stringAt(each, 'status') === 'True')
    const [address] = listAt(gateway, 'status', 'addresses')
    if (isProgrammed && address !== undefined) return stringAt(address, 'value')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('the Gateway does not become Programmed within two minutes: see `kubectl describe gateway bench`')
}
