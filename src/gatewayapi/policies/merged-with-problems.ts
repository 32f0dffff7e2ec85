import { mergePolicies } from './merge.js'
import type { Effective, Layer } from './policy.js'
import type { PolicyKind, PolicyKindName } from './policy-kind.js'

/**
 * What the layers say together, and what of it cannot be done so.
 *
 * @param problemsOf what is wrong with a setting
 */
export function mergedWithProblems<S extends object>(
  layers: readonly Layer<S>[],
  atoms: ReadonlySet<string>,
  problemsOf: PolicyKind<PolicyKindName, S>['togetherProblems'],
): Effective<S> | undefined {
  const effective = mergePolicies(layers, atoms)
  if (effective === undefined || problemsOf === undefined) return effective
  const problems = problemsOf(effective.settings).flatMap(({ setting, ...problem }) => {
    const policy = effective.origins[setting]
    return policy === undefined ? [] : [{ ...problem, policy }]
  })
  return problems.length === 0 ? effective : { ...effective, problems }
}
