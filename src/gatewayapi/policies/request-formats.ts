/**
 * Formats of policies about routes, with the operators of Envoy. Whoever may write such a policy often sees what comes of it, in traces or limits,
 * and Envoys are shared: their environment is none of it.
 */
import { formatProblem } from '../telemetry/format-problem.js'

/** What tells the environment, and what may hold any other operator. */
const OF_THE_PROXY = /%(ENVIRONMENT|COALESCE)\(/

/** Why a format cannot be used. One with an operator that is not known neither: a newer Envoy may tell anything by it, such as its files. */
export function requestFormatProblem(format: string): string | undefined {
  const [, name] = OF_THE_PROXY.exec(format) ?? []
  return name === undefined ? formatProblem(format)?.message : `%${name}% may tell what is the proxy's own, and is for GatewayConfigs alone`
}
