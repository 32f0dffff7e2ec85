/**
 * The versions of resources that a proxy rejected. They are never sent again: not on another stream, not by another replica, not
 * after a restart. A version is a content hash, so the entry says nothing about the next content of the same name.
 */
import type { ObjectVersion } from '../util/object-ref.js'
import { cannotBind } from './address-in-use.js'
import type { EncodedResource, ResourceReference, TypeUrl } from './resource.js'

/** Proxies that start alike: those of another image may understand what these refuse. */
export interface Fleet {
  readonly group: string
  /** The image of their pods, as a registry names it. */
  readonly image: string
}

/** A rejected version, traced to what it was made from. */
export interface RejectedVersion {
  readonly typeUrl: TypeUrl
  readonly name: string
  readonly version: string
  /** The proxy's own words. */
  readonly message: string
  /** The objects that the resource was made from; none in lists, for they may be thousands. */
  readonly origins: readonly ObjectVersion[]
  /**
   * Those of the origins that are new since the version which the proxy accepted before, and that its words point at; all of them where
   * nothing is known. None in lists where they are many.
   */
  readonly suspects: readonly ObjectVersion[]
  /** RFC 3339. */
  readonly at: string
  /** Whose proxies rejected it; undefined where they do not say which image they are: then nobody gets it. */
  readonly by?: Fleet
}

/** Keeps the list over restarts. Standalone uses a file, Kubernetes a ConfigMap that all replicas share. */
export interface RejectedVersionStore {
  load(): Promise<readonly RejectedVersion[]>
  save(versions: readonly RejectedVersion[]): Promise<void>
}

/** How many versions a list holds. */
export const MAX_REJECTED_VERSIONS = 1000

/** Among more suspects the culprit has to be searched for again anyway. */
const MAX_SUSPECTS = 20

/** The list in memory, without the many objects of an entry. It holds the newest thousand; `onAdded` listeners hear of every new entry at once. */
export class RejectedVersions {
  readonly #versions = new Map<string, RejectedVersion>()
  readonly #listeners = new Set<(added: RejectedVersion) => void>()
  readonly #forgottenListeners = new Set<(forgotten: readonly RejectedVersion[]) => void>()

  /** True if nothing was rejected. */
  get isEmpty(): boolean {
    return this.#versions.size === 0
  }

  /** True if this version of the resource was rejected by these proxies, or by some whose image nobody knows. */
  has({ typeUrl, name, version }: Pick<EncodedResource, 'typeUrl' | 'name' | 'version'>, by?: Fleet): boolean {
    return !this.isEmpty && this.get({ typeUrl, name }, version, by) !== undefined
  }

  /** The entry of a version that these proxies rejected, or some whose image nobody knows; undefined without any. */
  get(reference: ResourceReference, version: string, by?: Fleet): RejectedVersion | undefined {
    const found = this.#versions.get(rejectedVersionKey(reference, version))
    return found === undefined && by !== undefined ? this.#versions.get(rejectedVersionKey(reference, version, by)) : found
  }

  /** Adds an entry. Returns false if the version is known already. */
  add(rejected: RejectedVersion): boolean {
    const key = rejectedVersionKey(rejected, rejected.version, rejected.by)
    const known = this.#versions.get(key)
    if (known !== undefined) {
      // Another replica may have forgotten it, and heard it again, before this one forgets it: see `retryBinds`.
      if (cannotBind(rejected) && known.at < rejected.at) this.#versions.set(key, { ...known, at: rejected.at })
      return false
    }
    const kept = { ...rejected, origins: [], suspects: rejected.suspects.length > MAX_SUSPECTS ? [] : rejected.suspects }
    this.#versions.set(key, kept)
    for (const oldest of this.#versions.keys()) {
      if (this.#versions.size <= MAX_REJECTED_VERSIONS) break
      this.#versions.delete(oldest)
    }
    for (const listener of this.#listeners) listener(kept)
    return true
  }

  /** Takes entries out, and returns them: what they are about is sent again. */
  forget(isOne: (version: RejectedVersion) => boolean): readonly RejectedVersion[] {
    const found = [...this.#versions].filter(([, version]) => isOne(version))
    const forgotten = found.map(([, version]) => version)
    for (const [key] of found) this.#versions.delete(key)
    if (forgotten.length > 0) for (const listener of this.#forgottenListeners) listener(forgotten)
    return forgotten
  }

  /** Calls the listener for entries that are taken out until the returned function is called. */
  onForgotten(listener: (forgotten: readonly RejectedVersion[]) => void): () => void {
    this.#forgottenListeners.add(listener)
    return () => {
      this.#forgottenListeners.delete(listener)
    }
  }

  /** All entries, oldest first. */
  list(): readonly RejectedVersion[] {
    return [...this.#versions.values()]
  }

  /** Calls the listener for every new entry until the returned function is called. */
  onAdded(listener: (added: RejectedVersion) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }
}

/** Kinds that routes stand on: they have little part in what is made of routes, and to hold one back would take all of them away. */
export const ROUTE_OWNERS: ReadonlySet<string> = new Set(['Gateway', 'ListenerSet'])

/** The origins that are not part of what was accepted before. A kind without generations changes unseen: then all are suspects. */
export function suspectsOf(origins: readonly ObjectVersion[], accepted: readonly ObjectVersion[] | undefined): readonly ObjectVersion[] {
  const known = new Set((accepted ?? []).map(originKey))
  const changed = origins.filter((origin) => !known.has(originKey(origin)))
  return changed.length === 0 ? origins : changed
}

const originKey = ({ group, kind, namespace, name, generation }: ObjectVersion): string =>
  `${group} ${kind} ${namespace} ${name} ${generation}`

/** What tells entries apart. */
export function rejectedVersionKey({ typeUrl, name }: ResourceReference, version: string, by?: Fleet): string {
  return by === undefined ? `${typeUrl} ${version} ${name}` : `${typeUrl} ${version} ${name} ${by.group} ${by.image}`
}
