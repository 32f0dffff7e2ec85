/** Does one part of some work at each step, and ends with its result: who has it done may give way to others in between. */
export type InParts<Result> = Generator<undefined, Result>

/** Does all of it at once. */
export function atOnce<Result>(work: InParts<Result>): Result {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}
