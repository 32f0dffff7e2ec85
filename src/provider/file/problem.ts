/** What is wrong in a folder of objects, as it is told to people. */
import { describeObject, type ObjectRef } from '../../util/object-ref.js'
import type { FilePlace, Position } from './position.js'

/** What became of the text that a problem is about. */
export type ProblemEffect =
  /** The file or object is used all the same. */
  | 'none'
  /** What it held before stays in use. */
  | 'keptLastGood'
  /** Nothing of it is in use: there is no earlier version. */
  | 'lost'

/** Something that its author should know. */
export interface FileProblem {
  readonly severity: 'error' | 'warning'
  /** The path of the file, as the folder was given. */
  readonly file: string
  readonly position: Position
  /** The object that it is about, where that is known. */
  readonly object?: ObjectRef
  readonly reason: string
  /** What the author can do. */
  readonly advice: string
  readonly effect: ProblemEffect
  /** True if a document could not be read at all: which objects it holds is not known. */
  readonly unreadable: boolean
}

/** `routes.yaml:12:5: error: HTTPRoute/default/a: spec.rules: Too many: …; correct it: the last good version stays in use`. */
export function formatProblem(problem: FileProblem): string {
  return `${printFilePlace(problem)}: ${problem.severity}: ${problemText(problem)}`
}

/** `routes.yaml:12:5`. */
export function printFilePlace({ file, position }: FilePlace): string {
  return `${file}:${position.line}:${position.column}`
}

/** `HTTPRoute/default/a: spec.rules: Too many: …; correct it (the last good version stays in use)`. */
export function problemText({ object, reason, advice, effect }: FileProblem): string {
  const what = object === undefined ? reason : `${describeObject(object)}: ${reason}`
  return `${what}; ${advice}${CONSEQUENCE[effect]}`
}

const CONSEQUENCE: Readonly<Record<ProblemEffect, string>> = {
  none: '',
  keptLastGood: ' (the last good version stays in use)',
  lost: ' (it is not in use)',
}
