/** Statuses that we have no right to write, by kind: where one may not be written none may, which is told once and not for each of thousands. */

/** Those of one kind. */
export interface ForbiddenKind {
  readonly kind: string
  readonly count: number
  /** What the API server said of one of them. */
  readonly message: string
}

interface Forbidden {
  readonly names: Set<string>
  /** Since the first one, with those that were tried again. */
  failures: number
  message: string
}

/** What is forbidden as far as this process has tried. */
export class ForbiddenStatuses {
  readonly #kinds = new Map<string, Forbidden>()

  /** A status may not be written. Returns whether that is worth telling: less and less often while it goes on. */
  add(name: string, message: string): boolean {
    const known = this.#kinds.get(kindOf(name)) ?? { names: new Set(), failures: 0, message }
    this.#kinds.set(kindOf(name), known)
    known.names.add(name)
    known.message = message
    known.failures++
    return Number.isInteger(Math.log2(known.failures))
  }

  /** It was written, or need not be any more. Returns the others of its kind, if it was one of them. */
  delete(name: string): ReadonlySet<string> {
    const known = this.#kinds.get(kindOf(name))
    if (known?.names.delete(name) !== true) return new Set()
    if (known.names.size === 0) this.#kinds.delete(kindOf(name))
    return known.names
  }

  /** Another replica writes now. */
  clear(): void {
    this.#kinds.clear()
  }

  /** All kinds with statuses that may not be written. */
  values(): readonly ForbiddenKind[] {
    return [...this.#kinds].map(([kind, { names, message }]) => ({ kind, count: names.size, message }))
  }
}

function kindOf(name: string): string {
  return name.slice(0, name.indexOf('/'))
}
