/**
 * Rejections of versions that proxies may be meant to have all the same. Something was held back for each, but if that changed nothing of the
 * resource, then the version is not sent again and no proxy rejects it again: whoever is published has to ask here.
 */
import type { RejectedVersion } from '../../xds/rejected-versions.js'

/** A rejected version, and the group of the proxy; undefined when it is not one of this replica, or it is not known. */
export interface GroupRejection {
  readonly rejected: RejectedVersion
  readonly group: string | undefined
}

/** Rejections that the next publication decides about. */
export class StandingRejections {
  #answered: GroupRejection[] = []
  /** By resource. */
  readonly #unanswered = new Map<string, GroupRejection>()

  /** Something was or is held back for this rejection. */
  answered(rejection: GroupRejection): void {
    this.#answered.push(rejection)
  }

  /**
   * Nobody is left to hold back for this rejection. It is decided about once more when something was held back for another version of the
   * same resource: that may have left this one as it is.
   */
  unanswered(rejection: GroupRejection): void {
    this.#unanswered.set(resourceWord(rejection.rejected), rejection)
  }

  /** Resources were published: those that hold for what some proxies are to have now, as if these had just said so again. */
  take(isCurrent: (version: RejectedVersion) => boolean): readonly GroupRejection[] {
    for (const [word, { rejected }] of this.#unanswered) if (!isCurrent(rejected)) this.#unanswered.delete(word)
    const answered = this.#answered
    this.#answered = []
    const again = answered.flatMap(({ rejected }) => this.#unanswered.get(resourceWord(rejected)) ?? [])
    return [...answered.filter(({ rejected }) => isCurrent(rejected)), ...again]
  }
}

function resourceWord({ typeUrl, name, by }: RejectedVersion): string {
  return `${typeUrl} ${name} ${by?.group ?? ''}`
}
