/** Server-side apply: we say what our part of an object is, and the server merges it with the parts of others. */
import type { KubeClient, KubeRequest } from './kube-client.js'
import { CONTENT_TYPE } from './kube-client.js'
import { hasStatus } from './kube-error.js'
import type { JsonObject } from './kube-json.js'
import { type ApiObjectPath, objectPath } from './resource-path.js'

/** Who applies. Each part of the controller has its own name, so that one does not remove what another one applied. */
export interface ApplyOptions {
  readonly fieldManager: string
  /** Takes fields over that another manager set to another value. */
  readonly force: boolean
}

/**
 * Applies our part of an object, or of its subresource, and returns the whole. What we applied before and leave out now is removed.
 *
 * @param body with `apiVersion`, `kind` and `metadata.name`; with `metadata.uid`, it fails with 409 rather than make the object anew
 * @throws KubeApiError, KubeConnectionError
 */
export function serverSideApply(
  client: KubeClient,
  target: ApiObjectPath,
  body: JsonObject,
  options: ApplyOptions,
  signal: AbortSignal,
): Promise<JsonObject> {
  const request: KubeRequest = {
    method: 'PATCH',
    path: objectPath(target),
    query: { fieldManager: options.fieldManager, force: options.force },
    body,
    contentType: CONTENT_TYPE.apply,
  }
  return client.json(request, signal)
}

/**
 * True if a webhook that has to agree does not answer. kube-apiserver calls that an error of its own, too, and waits for as long as the webhook may take.
 */
export function isWebhookFailure(error: unknown): boolean {
  return hasStatus(error, 500) && error.message.includes('failed calling webhook')
}

/**
 * True if the body does not fit its kind, such as a word where an object belongs, or a quantity that is none. kube-apiserver answers that with
 * 500, as if the fault were its own.
 */
export function isMalformedApply(error: unknown): boolean {
  return hasStatus(error, 500) && /: failed to (create typed patch|convert (new|patch)) object/.test(error.message)
}
