/** Writes single objects: never over one that is not ours, and only if something differs. */
import { createHash } from 'node:crypto'
import { serverSideApply } from '../../k8s/apply.js'
import { deleteObject } from '../../k8s/delete-object.js'
import type { KubeClient } from '../../k8s/kube-client.js'
import { hasStatus } from '../../k8s/kube-error.js'
import { fieldAt, isRawObject, type RawObject } from '../../k8s/kube-json.js'
import { objectPath } from '../../k8s/resource-path.js'
import { trimObject } from '../../k8s/trim.js'
import type { Manifest } from './manifests.js'
import { ownedResource } from './owned-kinds.js'
import { contentMark, gatewayOf, isOfAnother, kindOf, type OwnedName, ownerUid } from './owned-objects.js'

/** The name under which the API server notes what parts of an object are ours. */
export const INFRA_FIELD_MANAGER = 'headgate-infra'

/** The name under which the API server notes the number of replicas that whoever scales starts from. */
const REPLICAS_FIELD_MANAGER = 'headgate-replicas'

/** An object that we need to make exists, and somebody else made it, or another fleet makes it. */
export class ForeignObjectError extends Error {
  readonly code = 'INFRA_FOREIGN_OBJECT'

  constructor(name: OwnedName) {
    super(
      `${name} belongs to somebody else: rename or delete it, or choose another name, that of the Gateway or in names of its GatewayConfig.`,
    )
    this.name = 'ForeignObjectError'
  }
}

/** An object of an earlier Gateway of the same name is still there; it was deleted just now. */
export class LeftoverObjectError extends Error {
  readonly code = 'INFRA_LEFTOVER_OBJECT'

  constructor(name: OwnedName) {
    super(`${name} belongs to an earlier Gateway of the same name: it is made again as soon as it is gone`)
    this.name = 'LeftoverObjectError'
  }
}

interface Applied {
  readonly manifest: string
  /** The content of the object after it was applied. */
  readonly mark: string
}

/** Applies and deletes objects, and remembers what it applied. */
export class FleetWriter {
  readonly #client: KubeClient
  readonly #applied = new Map<OwnedName, Applied>()

  constructor(client: KubeClient) {
    this.#client = client
  }

  /** The content of an object as it was after it was applied; undefined if this process has not applied it. */
  markOf(name: OwnedName): string | undefined {
    return this.#applied.get(name)?.mark
  }

  /**
   * Makes an object what the manifest says. Returns it as it is then, or undefined if there was nothing to do.
   *
   * @param observed the object as the cluster has it, if it is known to be there
   * @throws ForeignObjectError if an object of that name belongs to somebody else, LeftoverObjectError if it has to go first;
   * KubeApiError, KubeConnectionError
   */
  async apply(
    name: OwnedName,
    manifest: Manifest,
    wantedUid: string,
    observed: RawObject | undefined,
    signal: AbortSignal,
  ): Promise<RawObject | undefined> {
    const hash = createHash('sha256').update(JSON.stringify(manifest)).digest('base64')
    const before = this.#applied.get(name)
    if (observed !== undefined && before?.manifest === hash && before.mark === contentMark(observed)) return undefined
    const existing = observed ?? (await this.#read(name, manifest, signal))
    if (existing !== undefined) await this.#requireOurs(name, existing, manifest, wantedUid, signal)
    // The uid makes sure that it is still the same object; what does not exist yet is made without force, so that one which appears
    // at this moment is not taken over.
    const metadata = existing === undefined ? manifest.metadata : { ...manifest.metadata, uid: existing.metadata.uid }
    const options = { fieldManager: INFRA_FIELD_MANAGER, force: existing !== undefined }
    const target = { ...ownedResource(manifest.kind), namespace: manifest.metadata.namespace, name: manifest.metadata.name }
    const answer = await serverSideApply(this.#client, target, { ...manifest, metadata }, options, signal)
    if (!isRawObject(answer)) return undefined
    const object = trimObject(answer)
    this.#applied.set(name, { manifest: hash, mark: contentMark(object) })
    return object
  }

  /**
   * Has a Deployment keep its replicas when we no longer name a number, until somebody else sets one: what an apply leaves out, and nobody else
   * named, becomes the default of the API server, which is 1.
   */
  async keepReplicas({ metadata: { namespace = '', name, uid }, spec }: RawObject, signal: AbortSignal): Promise<void> {
    const target = { ...ownedResource('Deployment'), namespace, name }
    const body = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace, name, uid },
      spec: { replicas: fieldAt(spec, 'replicas') },
    }
    try {
      await serverSideApply(this.#client, target, body, { fieldManager: REPLICAS_FIELD_MANAGER, force: false }, signal)
    } catch (error) {
      // 409: somebody else has set another number, or another object has taken the name.
      if (!hasStatus(error, 409)) throw error
    }
  }

  /** An object has gone, and is not to come back. */
  forget(name: OwnedName): void {
    this.#applied.delete(name)
  }

  /** Deletes an object, if it is still the same one. One that is gone is no error. */
  async remove(name: OwnedName, object: RawObject, signal: AbortSignal): Promise<void> {
    this.forget(name)
    const { uid, namespace = '', name: objectName } = object.metadata
    await deleteObject(this.#client, objectPath({ ...ownedResource(kindOf(name)), namespace, name: objectName }), uid, signal)
  }

  async #requireOurs(name: OwnedName, existing: RawObject, manifest: Manifest, wantedUid: string, signal: AbortSignal): Promise<void> {
    const isOwned = ownerUid(existing) === wantedUid
    const gateway = gatewayOf(isOwned ? withLabelsOf(manifest, existing) : existing)
    if (gateway === undefined || gateway !== gatewayOf(manifest)) throw new ForeignObjectError(name)
    // What has lost its owner, as in a restored backup, gets it back: a Service that is made anew may get another address.
    if (!isOfAnother(existing, wantedUid)) return
    await this.remove(name, existing, signal)
    throw new LeftoverObjectError(name)
  }

  async #read(name: OwnedName, { metadata }: Manifest, signal: AbortSignal): Promise<RawObject | undefined> {
    const path = objectPath({ ...ownedResource(kindOf(name)), namespace: metadata.namespace, name: metadata.name })
    const object = await this.#client.find(path, signal)
    return isRawObject(object) ? object : undefined
  }
}

/** Somebody who changes labels of an object takes it out of sight; its owner and its annotations still say whose it is. */
function withLabelsOf({ metadata: { labels } }: Manifest, existing: RawObject): RawObject {
  return { ...existing, metadata: { ...existing.metadata, labels: { ...existing.metadata.labels, ...labels } } }
}
