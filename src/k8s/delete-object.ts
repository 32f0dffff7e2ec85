import type { KubeClient } from './kube-client.js'
import { hasStatus } from './kube-error.js'
import type { JsonObject } from './kube-json.js'

/**
 * Deletes the object of a path, if it is still the one with this uid. One that is gone is no error, nor is another one that has taken its name.
 *
 * @throws KubeApiError, KubeConnectionError
 */
export async function deleteObject(client: KubeClient, path: string, uid: string | undefined, signal: AbortSignal): Promise<void> {
  const body: JsonObject = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions: { uid } }
  try {
    await client.json({ method: 'DELETE', path, body }, signal)
  } catch (error) {
    // 409: another object has taken the name.
    if (!hasStatus(error, 404) && !hasStatus(error, 409)) throw error
  }
}
