/** A change of one place that breaks one guard. */
export interface Mutant {
  /** Part of the name of the tests that must fail: the number of the rule, or the words of the test. */
  readonly rule: string
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
  /** The test file to run. */
  readonly test: string
}
