import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { envoy, google } from '../../gen/envoy/types.js'
import type { CelExpression } from '../../ir/cel.js'
import { ANYBODY, firstMatch } from './rbac.js'

type Principal = envoy.config.rbac.v3.Principal
type Expr = google.api.expr.v1alpha1.Expr

/** A rule about whoever has a header, on a condition with a name. */
interface TestRule {
  readonly action: 'allow' | 'deny'
  readonly who: string | undefined
  readonly condition?: CelExpression
}

/** What is true of a request. A condition that is undefined cannot be evaluated. */
interface Request {
  readonly headers: ReadonlySet<string>
  readonly conditions: Readonly<Record<string, boolean | undefined>>
}

const principalOf = ({ who }: TestRule): Principal => (who === undefined ? ANYBODY : { header: { name: who, presentMatch: true } })

/** As Envoy does it. */
function isAbout(principal: Principal, request: Request): boolean {
  if (principal.any !== undefined) return principal.any
  if (principal.notId !== undefined) return !isAbout(principal.notId, request)
  if (principal.andIds !== undefined) return (principal.andIds.ids ?? []).every((id) => isAbout(id, request))
  if (principal.orIds !== undefined) return (principal.orIds.ids ?? []).some((id) => isAbout(id, request))
  return request.headers.has(principal.header?.name ?? '')
}

function evaluate(expression: Expr, { conditions }: Request): boolean | undefined {
  if (expression.identExpr !== undefined) return conditions[expression.identExpr.name ?? '']
  const { function: name, args = [] } = expression.callExpr ?? {}
  const values = args.map((each) => evaluate(each, { headers: new Set(), conditions }))
  if (name === '!_') return values[0] === undefined ? undefined : !values[0]
  if (values.includes(false)) return false
  return values.includes(undefined) ? undefined : true
}

function isAllowed({ policies = {} }: envoy.config.rbac.v3.RBAC, request: Request): boolean {
  return Object.values(policies).some(
    ({ principals = [], condition }) =>
      principals.some((each) => isAbout(each, request)) && (condition === undefined || evaluate(condition, request) === true),
  )
}

const NAMES = ['a', 'b', 'c'] as const
const CONDITIONS = ['p', 'q'] as const
const rule: fc.Arbitrary<TestRule> = fc.record(
  {
    action: fc.constantFrom('allow' as const, 'deny' as const),
    who: fc.option(fc.constantFrom(...NAMES), { nil: undefined }),
    condition: fc.constantFrom(...CONDITIONS).map((name): CelExpression => ({ kind: 'name', name })),
  },
  { requiredKeys: ['action', 'who'] },
)
const request: fc.Arbitrary<Request> = fc.record({
  headers: fc.uniqueArray(fc.constantFrom(...NAMES)).map((names) => new Set<string>(names)),
  conditions: fc.record({ p: fc.boolean(), q: fc.boolean() }),
})

describe('rules that are tried in their order', () => {
  it('let pass who meets one that allows first', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 9 }),
        fc.constantFrom('allow' as const, 'deny' as const),
        request,
        (rules, otherwise, asked) => {
          const holds = ({ who, condition }: TestRule): boolean =>
            (who === undefined || asked.headers.has(who)) && (condition?.kind !== 'name' || asked.conditions[condition.name] === true)
          const expected = (rules.find(holds)?.action ?? otherwise) === 'allow'
          expect(isAllowed(firstMatch(rules, otherwise, principalOf), asked)).toBe(expected)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it.each(['allow', 'deny'] as const)('let nobody pass by one to %s that cannot be evaluated', (action) => {
    const rules: TestRule[] = [
      { action, who: 'a', condition: { kind: 'name', name: 'p' } },
      { action: action === 'allow' ? 'deny' : 'allow', who: undefined },
    ]
    const asked = { headers: new Set(['a']), conditions: { p: undefined } }
    expect(isAllowed(firstMatch(rules, 'deny', principalOf), asked)).toBe(false)
  })

  it('do not grow with the square of their number', () => {
    const lengthOf = (count: number): number => {
      const rules = Array.from({ length: count }, (_, at): TestRule => ({ action: at % 2 === 0 ? 'deny' : 'allow', who: `header-${at}` }))
      return JSON.stringify(firstMatch(rules, 'deny', principalOf)).length
    }
    // Each denial once for each time that its list is halved, where it was once for each allowance behind it.
    expect(lengthOf(64) / lengthOf(8)).toBeLessThan(16)
  })
})
