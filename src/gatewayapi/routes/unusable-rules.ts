/** Rules that are left out because a proxy would refuse them. */
import type { GRPCRouteMatch, HTTPRouteMatch } from '../../gen/kinds.js'
import { RegularExpressions } from '../regular-expressions.js'
import type { AnyRoute } from './any-route.js'

/** A rule that is left out, and why. */
export interface UnusableRule {
  /** Position in `spec.rules`. */
  readonly rule: number
  readonly message: string
}

/** The rules of a route that cannot be used, in their order. */
export function unusableRules(route: AnyRoute): readonly UnusableRule[] {
  const all = new RegularExpressions()
  switch (route.kind) {
    case 'HTTPRoute':
      return route.spec.rules.flatMap(({ matches }, rule) => firstProblem(rule, matches.flatMap(httpExpressions), all))
    case 'GRPCRoute':
      return (route.spec.rules ?? []).flatMap(({ matches }, rule) => firstProblem(rule, (matches ?? []).flatMap(grpcExpressions), all))
    case 'TLSRoute':
    case 'TCPRoute':
    case 'UDPRoute':
      return []
  }
}

/** A regular expression and where it stands in its rule. */
type Expression = readonly [path: string, pattern: string]

const NONE: readonly never[] = []

function firstProblem(rule: number, expressions: readonly Expression[], all: RegularExpressions): readonly UnusableRule[] {
  for (const [path, pattern] of expressions) {
    const problem = all.problemOf(pattern)
    if (problem !== undefined) return [{ rule, message: `spec.rules[${rule}].${path}: the regular expression ${problem}.` }]
  }
  return []
}

function httpExpressions(match: HTTPRouteMatch, at: number): readonly Expression[] {
  const hasPathAlone = match.headers === undefined && match.queryParams === undefined
  if (hasPathAlone && match.path.type !== 'RegularExpression') return NONE
  return [
    ...(match.path.type === 'RegularExpression' ? [[`matches[${at}].path.value`, match.path.value] as const] : []),
    ...valueExpressions(at, 'headers', match.headers),
    ...valueExpressions(at, 'queryParams', match.queryParams),
  ]
}

function grpcExpressions(match: GRPCRouteMatch, at: number): readonly Expression[] {
  const { method } = match
  const names =
    method?.type === 'RegularExpression'
      ? ([
          ['service', method.service],
          ['method', method.method],
        ] as const)
      : []
  return [
    // An empty name is about all of them.
    ...names.flatMap(([name, value]): Expression[] =>
      value === undefined || value === '' ? [] : [[`matches[${at}].method.${name}`, value]],
    ),
    ...valueExpressions(at, 'headers', match.headers),
  ]
}

function valueExpressions(
  match: number,
  field: 'headers' | 'queryParams',
  values: readonly { readonly type: string; readonly value: string }[] = [],
): readonly Expression[] {
  return values.flatMap(({ type, value }, at): Expression[] =>
    type === 'RegularExpression' ? [[`matches[${match}].${field}[${at}].value`, value]] : [],
  )
}
