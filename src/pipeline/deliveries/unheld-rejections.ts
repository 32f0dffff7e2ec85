/**
 * Rejections of something that nothing can do without, such as a listener after a change of what its Gateway shares with others. Proxies go on
 * with what they have; the objects that it is made from say so for as long as the version is wanted.
 */
import type { RejectedVersion } from '../../xds/rejected-versions.js'

/** Of more objects none says that something which it shares with the others was rejected: the log does. */
const MOST_OBJECTS = 20

interface Unheld {
  readonly rejected: RejectedVersion
  readonly objects: readonly string[]
}

/** Keeps them; there are hardly ever any. Objects are named by `<Kind>/<namespace>/<name>`. */
export class UnheldRejections {
  #all: readonly Unheld[] = []
  #ended: readonly Unheld[] = []

  /** Notes one, and returns the objects that say it: the suspects, or else all that the resource was made from; none when they are many. */
  note(rejected: RejectedVersion, suspects: readonly string[], origins: readonly string[]): readonly string[] {
    const objects = suspects.length > 0 ? suspects : origins
    if (objects.length === 0 || objects.length > MOST_OBJECTS) return []
    this.#all = [...this.#all.filter((each) => !isSame(each.rejected, rejected)), { rejected, objects }]
    return objects
  }

  /** What is noted of these versions is past. Returns true if something is. */
  end(versions: readonly RejectedVersion[]): boolean {
    const isEnded = ({ rejected }: Unheld): boolean => versions.some((version) => isSame(version, rejected))
    this.#ended = [...this.#ended, ...this.#all.filter(isEnded)]
    this.#all = this.#all.filter((each) => !isEnded(each))
    return this.#ended.length > 0
  }

  /** Forgets those that are past, or whose version is not wanted any more, and returns their objects. */
  takePast(isCurrent: (version: RejectedVersion) => boolean): readonly string[] {
    if (this.#all.length + this.#ended.length === 0) return []
    const past = this.#all.filter(({ rejected }) => !isCurrent(rejected))
    this.#all = this.#all.filter((each) => !past.includes(each))
    const objects = [...this.#ended, ...past].flatMap((each) => each.objects)
    this.#ended = []
    return objects
  }
}

function isSame(a: RejectedVersion, b: RejectedVersion): boolean {
  return a.typeUrl === b.typeUrl && a.name === b.name && a.version === b.version
}
