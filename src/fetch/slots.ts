/** Lets only so much run at once, in all and about one thing: what does not answer keeps nobody waiting who wants something else. */

interface Waiter {
  readonly about: string
  readonly goOn: () => void
}

/** Begins what it can in the order in which it came. */
export class Slots {
  readonly #most: number
  readonly #mostAboutOne: (about: string) => number
  readonly #running = new Map<string, number>()
  #count = 0
  readonly #waiting: Waiter[] = []

  /**
   * @param most at once
   * @param mostAboutOne of them about the same thing
   */
  constructor(most: number, mostAboutOne: (about: string) => number) {
    this.#most = most
    this.#mostAboutOne = mostAboutOne
  }

  /** Does the work when it is its turn. */
  async run<T>(about: string, work: () => Promise<T>): Promise<T> {
    if (this.#isFree(about)) this.#begin(about)
    else await new Promise<void>((goOn) => this.#waiting.push({ about, goOn }))
    try {
      return await work()
    } finally {
      this.#end(about)
    }
  }

  #isFree(about: string): boolean {
    return this.#count < this.#most && (this.#running.get(about) ?? 0) < this.#mostAboutOne(about)
  }

  #begin(about: string): void {
    this.#count++
    this.#running.set(about, (this.#running.get(about) ?? 0) + 1)
  }

  #end(about: string): void {
    const left = (this.#running.get(about) ?? 1) - 1
    if (left === 0) this.#running.delete(about)
    else this.#running.set(about, left)
    this.#count--
    // One place is free now: for one of those that wait at most.
    const at = this.#waiting.findIndex((waiter) => this.#isFree(waiter.about))
    const [next] = at < 0 ? [] : this.#waiting.splice(at, 1)
    if (next === undefined) return
    this.#begin(next.about)
    next.goOn()
  }
}
