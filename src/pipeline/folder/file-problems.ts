/** Problems of the folder, told in the log as they come and kept for those who look. */
import type { Problem } from '../../admin/sources.js'
import type { Missing } from '../../gatewayapi/inputs.js'
import type { FileReport } from '../../provider/file/file-provider.js'
import type { FilePlace } from '../../provider/file/position.js'
import { type FileProblem, formatProblem, printFilePlace, problemText } from '../../provider/file/problem.js'
import type { Logger } from '../../telemetry/logger.js'

/** Logs what is new in a report, and that nothing is wrong any more; returns all that is wrong now. */
export function fileProblems(report: FileReport, logger: Logger): readonly Problem[] {
  for (const problem of report.added)
    logger[problem.severity === 'error' ? 'error' : 'warn']({ component: 'files' }, formatProblem(problem))
  if (report.isRightAgain) logger.info({ component: 'files' }, 'nothing is wrong with the files any more')
  return report.problems.map(toProblem)
}

/** A problem as those see it who look. */
export function toProblem(problem: FileProblem): Problem {
  const { severity, object } = problem
  return { severity, where: printFilePlace(problem), message: problemText(problem), ...(object === undefined ? {} : { object }) }
}

/** A place in a file as those see it who look; undefined for none. */
export function placeText(place: FilePlace | undefined): string | undefined {
  return place === undefined ? undefined : printFilePlace(place)
}

/** Kinds whose objects protect others: without one of them, what it protects would be open. */
const PROTECTING_KINDS: readonly string[] = ['SecurityPolicy', 'BackendTLSPolicy', 'ClientTrafficPolicy']

/**
 * What is missing because it could not be read at start: there is no earlier version to serve. A document that is no YAML may have held
 * anything. A file that breaks or comes later changes nothing of what is served, so nothing is missing for it.
 */
export class StartLosses {
  /** Files that held what is missing; undefined before the first report. */
  #files: ReadonlySet<string> | undefined

  /** What is still missing. Call it with every report, the first of which is the one at start. */
  missing({ lost }: Pick<FileReport, 'lost'>): Missing | undefined {
    const known = this.#files
    const still = known === undefined ? lost : lost.filter(({ file }) => known.has(file))
    this.#files = new Set(still.map(({ file }) => file))
    if (still.some(({ unreadable, object }) => unreadable || (object !== undefined && PROTECTING_KINDS.includes(object.kind))))
      return 'anything'
    return still.some(({ object }) => object?.kind.endsWith('Route')) ? 'routes' : undefined
  }
}
