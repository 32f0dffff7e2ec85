/** A route of which something is closed, or was until lately. */
interface Unseen {
  /** The generation that proxies took when nothing of the route was closed. */
  readonly seenGeneration: number
  /** Keys of its rules that are closed. */
  readonly closed: Set<string>
  /** What must be acknowledged, by group, since nothing is closed any more; undefined while something is, and until the change was published. */
  needs: ReadonlyMap<string, number> | undefined
}

/**
 * Routes that answer an error instead of what they ask for, because a backend is missing, or a policy cannot be used or is held back. Proxies
 * acknowledge them, and have seen nothing of what may be wrong with them. Routes are named by `<Kind>/<namespace>/<name>`.
 */
export class UnseenRoutes {
  readonly #routes = new Map<string, Unseen>()
  readonly #opened = new Set<string>()

  /**
   * Rules of a route are new, have changed or are gone.
   *
   * @param key of the rules, see `routeRulesKey`
   * @param isClosed false for those that are gone
   * @param acknowledgedGeneration the highest generation that every proxy runs
   */
  rules(route: string, key: string, isClosed: boolean, acknowledgedGeneration: number): void {
    const known = this.#routes.get(route)
    if (isClosed) {
      const entry = known ?? { seenGeneration: acknowledgedGeneration, closed: new Set(), needs: undefined }
      entry.closed.add(key)
      entry.needs = undefined
      this.#routes.set(route, entry)
      this.#opened.delete(route)
    } else if (known?.closed.delete(key) && known.closed.size === 0) this.#opened.add(route)
  }

  /** Everything that has changed is part of these revisions. */
  published(revisions: () => ReadonlyMap<string, number>): void {
    for (const route of this.#opened) {
      const entry = this.#routes.get(route)
      if (entry !== undefined) entry.needs ??= revisions()
    }
  }

  /** A group has acknowledged a revision. Returns the routes that proxies have seen now. */
  progress(isAcknowledged: (group: string, revision: number) => boolean): readonly string[] {
    const seen = [...this.#opened].filter((route) => {
      const needs = this.#routes.get(route)?.needs
      return needs !== undefined && [...needs].every(([group, revision]) => isAcknowledged(group, revision))
    })
    for (const route of seen) {
      this.#opened.delete(route)
      this.#routes.delete(route)
    }
    return seen
  }

  /** The generation that proxies have seen; undefined where that is what they acknowledged. */
  seenGeneration(route: string): number | undefined {
    return this.#routes.get(route)?.seenGeneration
  }

  /** True while something of the route is closed. */
  isClosed(route: string): boolean {
    return (this.#routes.get(route)?.closed.size ?? 0) > 0
  }
}
