/**
 * Statuses of our own policies. Every policy has one, always: an entry per Gateway that it has an effect on, and one per target that has
 * none.
 *
 * Source: Gateway API v1.7, `PolicyStatus` (GEP-713), at most 16 entries.
 */
import type { Collection, Graph, Index, View } from '../../incremental/index.js'
import { compareText } from '../../util/compare-text.js'
import { fails, GATEWAY_GROUP, holds, type Problem } from '../conditions.js'
import type { Condition, ParentRef } from '../model.js'
import type { PolicyStatus } from '../object-status.js'
import type { Policies } from './policies.js'
import type { ResolvedPolicy } from './policy.js'
import { type AncestorSources, ancestorsOf } from './policy-ancestors.js'
import type { PolicyFact } from './policy-facts.js'
import type { PolicyKind, PolicyKindName } from './policy-kind.js'
import { targetNotFound } from './policy-targets.js'

/** The most entries that a status may have. */
const MAX_ANCESTORS = 16

/** The most that is named in one message. */
const MAX_NAMED = 8

/** What a kind of policy says in its statuses. */
type StatusKind = Pick<PolicyKind<PolicyKindName, object>, 'whyUnsupported'>

interface Entry {
  readonly ancestorRef: ParentRef
  readonly conditions: readonly Condition[]
}

/** Declares the statuses of the policies of a kind, by `<Kind>/<namespace>/<name>`. */
export function declareOwnPolicyStatuses<S extends object>(
  graph: Graph,
  policies: Policies<S>,
  facts: Index<PolicyFact>,
  sources: AncestorSources,
): Collection<PolicyStatus> {
  const prefix = `${policies.kind.name}/`
  return graph.collection<PolicyStatus>(`${policies.kind.name}: statuses`, {
    report: true,
    keys: graph.index(policies.all, `${policies.kind.name}: keys of statuses`, (_, key) => [`${prefix}${key}`]),
    compute: (view, key) => {
      const policyKey = key.slice(prefix.length)
      const policy = view.get(policies.all, policyKey)
      if (policy === undefined) return undefined
      return {
        shape: 'policy',
        object: policy.object,
        ancestors: atMost(entries(view, policies.kind, policy, view.list(facts, policyKey), sources)),
      }
    },
  })
}

function entries<S extends object>(
  view: View,
  kind: StatusKind,
  policy: ResolvedPolicy<S>,
  facts: readonly PolicyFact[],
  sources: AncestorSources,
): readonly Entry[] {
  const { object } = policy
  const gateways = new Set(facts.filter(({ what, gateway }) => what === 'applies' && gateway !== '').map(({ gateway }) => gateway))
  const failed: Entry[] = []
  for (const target of policy.targets) {
    const found = ancestorsOf(view, sources, target)
    for (const gateway of found.gateways) gateways.add(gateway)
    const { group, namespace, name, sectionName } = target
    const ancestorRef = { group, kind: target.kind, namespace, name, ...(sectionName === undefined ? {} : { sectionName }) }
    if (found.problem !== undefined) failed.push({ ancestorRef, conditions: [fails('Accepted', found.problem, object.generation)] })
    else if (found.gateways.length === 0) failed.push({ ancestorRef, conditions: conditionsOf(kind, policy.object.generation, policy, []) })
  }
  const reached = [...gateways].sort().map((key): Entry => {
    const [namespace = '', name = ''] = key.split('/')
    const there = facts.filter(({ gateway }) => gateway === key || gateway === '')
    return {
      ancestorRef: { group: GATEWAY_GROUP, kind: 'Gateway', namespace, name },
      conditions: conditionsOf(kind, object.generation, policy, there),
    }
  })
  return failed.length + reached.length === 0 ? [selectsNothing(policy)] : [...failed, ...reached]
}

function selectsNothing<S extends object>({ object, problem }: ResolvedPolicy<S>): Entry {
  const { group, kind, namespace, name, generation } = object
  const nothing = targetNotFound('The selectors select nothing that a Gateway of ours serves.')
  return { ancestorRef: { group, kind, namespace, name }, conditions: [fails('Accepted', problem ?? nothing, generation)] }
}

function conditionsOf(
  kind: StatusKind,
  generation: number,
  { problem, unresolved }: Pick<ResolvedPolicy<object>, 'problem' | 'unresolved'>,
  facts: readonly PolicyFact[],
): readonly Condition[] {
  if (problem !== undefined) return [fails('Accepted', problem, generation)]
  const ofKind = (what: PolicyFact['what']): readonly PolicyFact[] => facts.filter((fact) => fact.what === what)
  const [conflicts, overridden, companions] = [ofKind('Conflicted'), ofKind('Overridden'), ofKind('with')]
  const invalid = partsOf(kind, ofKind('Unsupported'), ofKind('problem'))
  const [broken] = ofKind('broken').map(({ field }) => parseProblem(field))
  if (broken !== undefined) return [fails('Accepted', broken, generation)]
  const isNothingLeft = ofKind('counts').length === 0 && overridden.length === 0
  const isLost = conflicts.length > 0 && isNothingLeft
  if (conflicts.length === 0 && invalid !== undefined && isNothingLeft) return [fails('Accepted', invalid, generation)]
  const conflict = { reason: 'Conflicted', message: `Older policies about the same target decide ${lossesIn(conflicts)}.` }
  return [
    isLost ? fails('Accepted', conflict, generation) : holds('Accepted', 'Accepted', 'It is in use.', generation),
    ...(unresolved === undefined ? [] : [fails('ResolvedRefs', unresolved, generation)]),
    ...(conflicts.length === 0 || isLost ? [] : [holds('Conflicted', 'Conflicted', conflict.message, generation)]),
    ...(invalid === undefined ? [] : [holds('PartiallyInvalid', invalid.reason, invalid.message, generation)]),
    ...(overridden.length === 0
      ? []
      : [holds('Overridden', 'Overridden', `Other policies decide, for some requests, ${lossesIn(overridden)}.`, generation)]),
    ...(companions.length === 0
      ? []
      : [
          holds(
            'Merged',
            'Merged',
            `For some requests it counts together with ${listed(companions.map(({ other }) => other))}.`,
            generation,
          ),
        ]),
  ]
}

/** What of a policy cannot be done somewhere; the first of several reasons speaks for all. */
function partsOf(kind: StatusKind, unsupported: readonly PolicyFact[], problems: readonly PolicyFact[]): Problem | undefined {
  const parsed = problems.map(({ field }) => parseProblem(field)).sort((a, b) => compareText(a.message, b.message))
  const shared = unsupported.length === 0 ? [] : [`${kind.whyUnsupported}: ${lossesIn(unsupported)}.`]
  if (parsed.length + shared.length === 0) return undefined
  return {
    reason: parsed[0]?.reason ?? 'UnsupportedValue',
    message: [...shared, ...parsed.slice(0, MAX_NAMED).map(({ message }) => message)].join(' '),
  }
}

function parseProblem(field: string): Problem {
  const at = field.indexOf(':')
  return { reason: field.slice(0, at), message: field.slice(at + 2) }
}

function lossesIn(facts: readonly PolicyFact[]): string {
  return listed(facts.map(({ field, other }) => `${field} ("${other}")`))
}

function listed(texts: readonly string[]): string {
  const distinct = [...new Set(texts)].sort(compareText)
  const more = distinct.length - MAX_NAMED
  return `${distinct.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** What is wrong comes first, so that it is never what is left out. */
function atMost(all: readonly Entry[]): readonly Entry[] {
  if (all.length <= MAX_ANCESTORS) return all
  return all.slice(0, MAX_ANCESTORS).map((entry, at) => (at < MAX_ANCESTORS - 1 ? entry : withHint(entry, all.length - MAX_ANCESTORS)))
}

function withHint({ ancestorRef, conditions }: Entry, left: number): Entry {
  const hint = ` A status has room for ${MAX_ANCESTORS} entries: ${left} more are not listed.`
  return {
    ancestorRef,
    conditions: conditions.map((condition, at) => (at === 0 ? { ...condition, message: `${condition.message}${hint}` } : condition)),
  }
}
