/** Problems of the folder, told in the log as they come and kept for those who look. */
import type { Problem } from '../admin/sources.js'
import type { Missing } from '../gatewayapi/inputs.js'
import type { FileReport } from '../provider/file/file-provider.js'
import { formatProblem } from '../provider/file/problem.js'
import type { Logger } from '../telemetry/logger.js'

/** Logs what is new in a report and returns all that is wrong now. */
export function fileProblems(report: FileReport, logger: Logger): readonly Problem[] {
  for (const problem of report.added)
    logger[problem.severity === 'error' ? 'error' : 'warn']({ component: 'files' }, formatProblem(problem))
  return report.problems.map((problem) => ({
    severity: problem.severity,
    where: `${problem.file}:${problem.position.line}:${problem.position.column}`,
    message: `${problem.reason}; ${problem.advice}`,
  }))
}

/** Kinds whose objects protect others: without one of them, what it protects would be open. */
const PROTECTING_KINDS: readonly string[] = ['SecurityPolicy', 'BackendTLSPolicy', 'ClientTrafficPolicy']

/**
 * What is missing because it was never read: there is no earlier version to serve. A document that is no YAML may have held anything.
 */
export function missingObjects({ lost }: Pick<FileReport, 'lost'>): Missing | undefined {
  if (lost.some(({ unreadable, object }) => unreadable || (object !== undefined && PROTECTING_KINDS.includes(object.kind))))
    return 'anything'
  return lost.some(({ object }) => object?.kind.endsWith('Route')) ? 'routes' : undefined
}
