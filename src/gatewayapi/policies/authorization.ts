/** What `authorization` of SecurityPolicies means, in the words of the IR, and what of it cannot be done. */
import type { AuthorizationPath, AuthorizationTokenPrincipal, AuthorizationRule as RuleSpec, SecuritySettings } from '../../gen/kinds.js'
import type { Authorization, AuthorizationRule, PathMatch, TokenMatch } from '../../ir/route.js'
import type { Problem } from '../conditions.js'
import { normalPath } from '../normal-path.js'
import { RegularExpressions } from '../regular-expressions.js'
import { parseAddressRange } from './address-range.js'
import { readCel } from './cel-expression.js'
import { claimPath } from './claim-path.js'

type Spec = NonNullable<SecuritySettings['authorization']>
type Tokens = SecuritySettings['jwt']

/** Envoy keeps a condition apart from everything else, so each such rule doubles what comes behind it. */
const MAX_MIXED_DENIALS = 4

/**
 * The rules.
 *
 * @param tokens what the route asks for: it may come from another policy
 */
export function authorizationOf({ defaultAction, rules }: Spec, tokens: Tokens): Authorization {
  return { rules: (rules ?? []).map((rule) => ruleOf(rule, tokens)), otherwise: defaultAction === 'Allow' ? 'allow' : 'deny' }
}

/** Why the rules cannot be used. */
export function authorizationProblem({ rules = [] }: Spec, tokens: Tokens): Problem | undefined {
  const mixed = rules.filter((rule) => rule.action === 'Deny' && rule.cel !== undefined && (rule.operation ?? rule.principal) !== undefined)
  if (mixed.length > MAX_MIXED_DENIALS) {
    return unsupported(
      `authorization.rules: at most ${MAX_MIXED_DENIALS} rules may deny by cel and something else: write all of it in cel.`,
    )
  }
  const expressions = new RegularExpressions()
  for (const [at, rule] of rules.entries()) {
    const message = ruleProblem(rule, tokens, expressions)
    if (message !== undefined) return unsupported(`authorization.rules[${at}].${message}`)
  }
  return undefined
}

/** What of the rules cannot be done with the tokens that routes ask for: they may come from another policy, or from none. */
export function tokenProblem(rules: readonly RuleSpec[] = [], tokens: Tokens): Problem | undefined {
  const at = rules.findIndex(({ principal }) => principal?.jwt !== undefined && !asksFor(tokens, principal.jwt.provider))
  const rule = rules[at]
  if (rule === undefined) return undefined
  const who = rule.action === 'Allow' ? 'allows nobody' : 'denies everybody'
  const provider = `"${rule.principal?.jwt?.provider}"`
  return unsupported(
    `authorization.rules[${at}].principal.jwt.provider: the rule ${who}, for no jwt that counts has a provider ${provider}: name one that has, or add jwt to a policy about the same.`,
  )
}

function asksFor(tokens: Tokens, provider: string): boolean {
  return tokens?.providers.some(({ name }) => name === provider) ?? false
}

function ruleProblem({ principal, operation, cel }: RuleSpec, tokens: Tokens, expressions: RegularExpressions): string | undefined {
  const range = principal?.clientCIDRs?.find((each) => parseAddressRange(each) === undefined)
  if (range !== undefined) return `principal.clientCIDRs: "${range}" is no range such as 10.0.0.0/8.`
  const provider = principal?.jwt?.provider
  // Without tokens of its own the policy may hold for routes that have some from another one.
  if (provider !== undefined && tokens !== undefined && !asksFor(tokens, provider)) {
    return `principal.jwt.provider: "${provider}" is no provider of jwt.`
  }
  for (const path of [...(operation?.paths ?? []), ...(operation?.notPaths ?? [])]) {
    if (path.type !== 'RegularExpression' && !path.value.startsWith('/'))
      return `operation: the path "${path.value}" does not begin with "/".`
    const problem = path.type === 'RegularExpression' ? expressions.problemOf(path.value) : undefined
    if (problem !== undefined) return `operation: the regular expression ${problem}.`
  }
  const read = cel === undefined ? undefined : readCel(cel)
  return read?.ok === false ? `cel: ${read.message}.` : undefined
}

function ruleOf({ action, operation, principal, cel }: RuleSpec, tokens: Tokens): AuthorizationRule {
  const condition = cel === undefined ? undefined : readCel(cel)
  return {
    action: action === 'Allow' ? 'allow' : 'deny',
    methods: operation?.methods ?? [],
    // A policy with a range that is none does not get here.
    clients: (principal?.clientCIDRs ?? []).flatMap((range) => parseAddressRange(range) ?? []),
    headers: (principal?.headers ?? []).map(({ name, values }) => ({ name: name.toLowerCase(), values })),
    ...(operation?.paths === undefined ? {} : { paths: operation.paths.map(pathOf) }),
    ...(operation?.notPaths === undefined ? {} : { notPaths: operation.notPaths.map(pathOf) }),
    ...(operation?.queryParams === undefined ? {} : { queryParams: operation.queryParams }),
    ...(principal?.jwt === undefined ? {} : { token: tokenOf(principal.jwt, tokens) }),
    ...(condition?.ok ? { condition: condition.value } : {}),
  }
}

function pathOf({ type, value }: AuthorizationPath): PathMatch {
  switch (type) {
    case 'Exact':
      return { kind: 'exact', value: normalPath(value) }
    case 'RegularExpression':
      return { kind: 'regex', value }
    case 'PathPrefix':
      return { kind: 'prefix', value: value === '/' ? value : normalPath(value).replace(/\/+$/, '') }
  }
}

function tokenOf({ provider, claims, scopes }: AuthorizationTokenPrincipal, tokens: Tokens): TokenMatch {
  return {
    provider: asksFor(tokens, provider) ? provider : undefined,
    claims: (claims ?? []).map(({ name, valueType, values }) => ({
      path: claimPath(name),
      isList: valueType === 'StringArray',
      values,
    })),
    scopes: scopes ?? [],
  }
}

function unsupported(message: string): Problem {
  return { reason: 'UnsupportedValue', message }
}
