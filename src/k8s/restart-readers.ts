/** New pods for programs that read a Secret only when they start: what `kubectl rollout restart` does, once for each content. */
import type { KubeClient } from './kube-client.js'
import { CONTENT_TYPE } from './kube-client.js'
import { fieldAt, listAt, stringAt } from './kube-json.js'
import { collectionPath, objectPath } from './resource-path.js'

const DEPLOYMENTS = { group: 'apps', version: 'v1', plural: 'deployments' }

/** The annotation of pods that says with which content of the Secret they were started. */
const ANNOTATION = 'headgate.dev/secret'

/**
 * Has the pods of all Deployments of the namespace that mount the Secret made anew, unless they were for this content.
 *
 * @param content names the content of the Secret: another one means other pods
 * @returns the names of the Deployments that get other pods now
 * @throws KubeApiError, KubeConnectionError
 */
export async function restartReaders(
  client: KubeClient,
  { namespace, name, content }: { readonly namespace: string; readonly name: string; readonly content: string },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const readers = listAt(await client.json({ path: collectionPath(DEPLOYMENTS, namespace) }, signal), 'items').filter(
    (deployment) =>
      listAt(deployment, 'spec', 'template', 'spec', 'volumes').some((volume) => stringAt(volume, 'secret', 'secretName') === name) &&
      fieldAt(deployment, 'spec', 'template', 'metadata', 'annotations', ANNOTATION) !== content,
  )
  const names = readers.map((deployment) => stringAt(deployment, 'metadata', 'name'))
  for (const deployment of names) {
    const body = { spec: { template: { metadata: { annotations: { [ANNOTATION]: content } } } } }
    const path = objectPath({ ...DEPLOYMENTS, namespace, name: deployment })
    await client.json({ method: 'PATCH', path, body, contentType: CONTENT_TYPE.mergePatch }, signal)
  }
  return names
}
