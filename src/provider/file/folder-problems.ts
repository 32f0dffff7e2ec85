/** Puts what is wrong with files and objects into words. */
import type { Finding } from './interpret-object.js'
import type { Claim } from './object-claims.js'
import type { FileProblem, ProblemEffect } from './problem.js'
import type { FileContent, FileObject } from './read-file.js'

/**
 * What is wrong with a file apart from the objects that it names.
 *
 * @param wasWhole true if an earlier version of the file could be read: what it held stays in use
 */
export function fileProblems(file: string, content: FileContent, wasWhole: boolean): readonly FileProblem[] {
  const effect: ProblemEffect = wasWhole ? 'keptLastGood' : 'lost'
  const unreadable = content.unreadable.map((problem): FileProblem => ({ severity: 'error', file, ...problem, effect, unreadable: true }))
  const others = content.objects.flatMap((object): readonly FileProblem[] => {
    const { interpretation } = object
    if (interpretation.outcome === 'unidentified') {
      return interpretation.errors.map((error) => ({
        ...located(file, object, error),
        severity: 'error',
        advice: 'say which object this is, or move the file out of the folder',
        effect,
      }))
    }
    if (interpretation.outcome !== 'ignored') return []
    return interpretation.warnings.map((warning) => ({ ...located(file, object, warning), advice: 'nothing here reads it' }))
  })
  return [...unreadable, ...others]
}

/**
 * What is wrong with an object.
 *
 * @param claim the statement that decides
 * @param others further statements about the same object
 * @param isInUse true if there is a good version of the object
 */
export function claimProblems(claim: Claim, others: readonly Claim[], isInUse: boolean): readonly FileProblem[] {
  const { file, ref, object } = claim
  const { interpretation } = object
  const refused = interpretation.outcome === 'refused' ? interpretation.errors : []
  const warnings = 'warnings' in interpretation ? interpretation.warnings : []
  return [
    ...refused.map(
      (error): FileProblem => ({
        ...located(file, object, error),
        severity: 'error',
        object: ref,
        advice: 'correct it',
        effect: isInUse ? 'keptLastGood' : 'lost',
      }),
    ),
    ...warnings.map(
      (warning): FileProblem => ({
        ...located(file, object, warning),
        object: ref,
        advice: warning.meant === undefined ? 'it is dropped' : `it is dropped: is "${warning.meant}" meant?`,
      }),
    ),
    ...others.map(
      (other): FileProblem => ({
        severity: 'error',
        file: other.file,
        position: other.object.position,
        object: ref,
        reason: `it stands in ${file}:${object.position.line} as well`,
        advice: 'remove one of the two: the first is used',
        effect: 'none',
        unreadable: false,
      }),
    ),
  ]
}

function located(file: string, object: FileObject, finding: Finding): Omit<FileProblem, 'advice'> {
  return {
    severity: 'warning',
    file,
    position: object.positionOf(finding.path),
    reason: finding.reason,
    effect: 'none',
    unreadable: false,
  }
}
