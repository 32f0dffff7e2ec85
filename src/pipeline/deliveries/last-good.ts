/** The versions of objects that proxies are known to run, kept while a newer one is on its way: what serves on if they refuse it. */
import { isEquallySecure } from '../../gatewayapi/security-change.js'
import type { KubeObject } from '../../provider/provider.js'

/** A change that is not proven yet. */
interface Unproven {
  /** Undefined where the older version may not serve. */
  readonly good: KubeObject | undefined
  /** What must be acknowledged, by group; undefined until the change was published. Followed objects wait for their own delivery. */
  needs: ReadonlyMap<string, number> | undefined
  readonly isFollowed: boolean
}

/** Keeps one object per object that has changed, until its new version is proven. Objects are named by `<Kind>/<namespace>/<name>`. */
export class LastGood {
  readonly #unproven = new Map<string, Unproven>()

  /** The version to serve if the present one is refused. */
  get(object: string): KubeObject | undefined {
    return this.#unproven.get(object)?.good
  }

  /**
   * An object changes, comes (`before` is undefined) or goes.
   *
   * @param acknowledged the generation that every proxy runs; undefined for an object whose delivery is not followed
   */
  changed(object: string, before: KubeObject | undefined, after: KubeObject | undefined, acknowledged: number | undefined): void {
    const isFollowed = acknowledged !== undefined
    const known = this.#unproven.get(object)
    const isProven = isFollowed ? before?.metadata.generation === acknowledged : known === undefined
    const good = isProven ? before : known?.good
    if (after === undefined) this.#unproven.delete(object)
    // What is to be closed never stays open because a proxy refuses the new version.
    else {
      const mayServe = good !== undefined && isEquallySecure(good, after)
      this.#unproven.set(object, { good: mayServe ? good : undefined, needs: undefined, isFollowed })
    }
  }

  /** Everything that has changed is part of these revisions. */
  published(revisions: () => ReadonlyMap<string, number>): void {
    for (const each of this.#unproven.values()) if (!each.isFollowed) each.needs ??= revisions()
  }

  /** A group has acknowledged a revision: forgets what is proven by it and by the other groups. */
  progress(isAcknowledged: (group: string, revision: number) => boolean): void {
    for (const [object, { needs, isFollowed }] of this.#unproven) {
      if (isFollowed || needs === undefined) continue
      if ([...needs].every(([group, revision]) => isAcknowledged(group, revision))) this.#unproven.delete(object)
    }
  }

  /** Every proxy runs the object as it is. */
  delivered(object: string): void {
    this.#unproven.delete(object)
  }
}
