/** A revision that is being put together: thousands of changes take several turns of the event loop, and proxies see all of them or none. */
import { ReferenceCounts } from './reference-counts.js'
import type { EncodedResource, ResourceChange, ResourceReference } from './resource.js'

/** What really changed in a group: unlike a `ResourceChange` it knows the resource that was there before. */
export interface AppliedChange extends ResourceReference {
  /** Undefined when the resource is new. */
  readonly previous: EncodedResource | undefined
  /** Undefined when the resource is gone. */
  readonly current: EncodedResource | undefined
}

/** Made by `SnapshotCache.draft`, and taken over by its `commit`. Nothing else may change the group in between. */
export class RevisionDraft {
  readonly group: string
  readonly #present: (reference: ResourceReference) => EncodedResource | undefined
  readonly #applied: AppliedChange[] = []
  readonly #sameBytes: EncodedResource[] = []
  readonly #references = new ReferenceCounts()

  /** @param present the resource that a group has now */
  constructor(group: string, present: (reference: ResourceReference) => EncodedResource | undefined) {
    this.group = group
    this.#present = present
  }

  /** Adds a change, one at most of each resource. */
  add({ typeUrl, name, resource }: ResourceChange): void {
    const previous = this.#present({ typeUrl, name })
    if (previous === resource) return
    if (resource !== undefined && previous?.version === resource.version) this.#sameBytes.push(resource)
    else this.#applied.push({ typeUrl, name, previous, current: resource })
    if (previous?.references === resource?.references) return
    if (resource !== undefined) this.#references.add(resource.references, 1)
    if (previous !== undefined) this.#references.add(previous.references, -1)
  }

  /** What changes for proxies. */
  get applied(): readonly AppliedChange[] {
    return this.#applied
  }

  /** Resources with other origins or references, in the version that is there: no change for proxies. */
  get sameBytes(): readonly EncodedResource[] {
    return this.#sameBytes
  }

  /** How many more resources of the group name a resource than before. */
  get references(): ReferenceCounts {
    return this.#references
  }
}
