/** The requests that write a status. */
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import { serverSideApply } from '../k8s/apply.js'
import { CONTENT_TYPE, type KubeClient } from '../k8s/kube-client.js'
import { KubeApiError } from '../k8s/kube-error.js'
import type { JsonObject } from '../k8s/kube-json.js'
import { type ApiResource, apiVersionOf, objectPath } from '../k8s/resource-path.js'
import { type StoredStatus, storedStatusOf } from '../k8s/stored-status.js'
import type { NextStatus } from './next-status.js'

/** The name under which the API server notes what parts of a status are ours. */
const STATUS_FIELD_MANAGER = 'headgate-status'

/** Reads an object's status afresh. @throws KubeApiError with 404 when the object is gone */
export async function readStatus(
  client: KubeClient,
  resource: ApiResource,
  object: ObjectStatus['object'],
  signal: AbortSignal,
): Promise<StoredStatus> {
  const { namespace, name } = object
  return storedStatusOf(await client.json({ path: objectPath({ ...resource, namespace, name }) }, signal))
}

/**
 * Takes back what was applied to a status: what the schema sets by default comes back. Fails with 409 if somebody has written since it was
 * read: a condition that we wrote first would go with all that others have changed in it.
 */
export async function withdrawStatus(
  client: KubeClient,
  resource: ApiResource,
  { kind, namespace, name }: ObjectStatus['object'],
  { resourceVersion }: StoredStatus,
  signal: AbortSignal,
): Promise<StoredStatus> {
  const target = { ...resource, namespace, name, subresource: 'status' }
  const metadata = { name, ...(namespace === '' ? {} : { namespace }), resourceVersion }
  const body = { apiVersion: apiVersionOf(resource), kind, metadata, status: {} }
  return storedStatusOf(await serverSideApply(client, target, body, { fieldManager: STATUS_FIELD_MANAGER, force: false }, signal))
}

/**
 * Writes a status: objects of which the whole status is ours by server-side apply, which leaves the conditions of others alone; lists that
 * controllers share by replacing what was read, which fails with 409 if somebody else wrote meanwhile.
 */
export async function sendStatus(
  client: KubeClient,
  resource: ApiResource,
  object: ObjectStatus['object'],
  stored: StoredStatus,
  next: NextStatus,
  signal: AbortSignal,
): Promise<StoredStatus> {
  const { kind, namespace, name } = object
  const target = { ...resource, namespace, name, subresource: 'status' }
  const header = { apiVersion: apiVersionOf(resource), kind }
  const place = { name, ...(namespace === '' ? {} : { namespace }) }
  if (next.applied !== undefined) {
    const body = { ...header, metadata: place, status: next.applied }
    try {
      return storedStatusOf(await serverSideApply(client, target, body, { fieldManager: STATUS_FIELD_MANAGER, force: true }, signal))
    } catch (error) {
      if (!isUnknownField(error)) throw error
      // CRDs older than a field of ours: a patch drops the field silently, which apply does not.
    }
  }
  const body = { ...header, metadata: { ...place, resourceVersion: stored.resourceVersion }, status: replacing(stored.status, next.merged) }
  const query = { fieldManager: STATUS_FIELD_MANAGER }
  return storedStatusOf(
    await client.json({ method: 'PATCH', path: objectPath(target), query, body, contentType: CONTENT_TYPE.mergePatch }, signal),
  )
}

/** A merge patch that leaves exactly `next`: what is no longer there must be named. */
function replacing(before: JsonObject, next: JsonObject): JsonObject {
  const removed = Object.keys(before).filter((field) => !Object.hasOwn(next, field))
  return { ...next, ...Object.fromEntries(removed.map((field) => [field, null])) }
}

function isUnknownField(error: unknown): boolean {
  return error instanceof KubeApiError && error.message.includes('field not declared in schema')
}
