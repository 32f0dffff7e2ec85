/**
 * What policies came to, as single facts: thousands of routes say the same about a policy of their Gateway, and its status is written
 * again only when a fact appears or goes away.
 */
import type { Collection, Graph, Index, Keys } from '../../incremental/index.js'
import type { Problem } from '../conditions.js'
import { parseRouteRulesKey } from '../routes/route-rules.js'
import type { ConnectionPolicies } from './connection-policies.js'
import type { RoutePolicies } from './effective-policies.js'
import type { Effective, Loss } from './policy.js'

/** One thing that is true about a policy. */
export interface PolicyFact {
  /** The key of the policy. */
  readonly policy: string
  /** The key of the gateway where it is true; the empty string for what is true of a backend, whoever sends there. */
  readonly gateway: string
  /** `applies`: it is about something there. `counts`: a field of it counts. `with`: so does one of another policy. `problem`: a part of it cannot be used, `broken`: nothing of it, see `field`. */
  readonly what: 'applies' | 'counts' | 'with' | 'problem' | 'broken' | Loss['how']
  /** The field that it lost; of a problem the reason, a colon, and what is wrong with what part of it; else empty. */
  readonly field: string
  /** The key of the other policy, or of the backend that it cannot be done for; else empty. */
  readonly other: string
}

/**
 * Declares the facts, by the key of the policy that they are about.
 *
 * @param others facts from elsewhere, as words
 */
export function declarePolicyFacts<S extends object>(
  graph: Graph,
  kind: string,
  ofRoutes: Collection<RoutePolicies<S>>,
  ofClusters: Collection<Effective<S>> | undefined,
  ofConnections?: Collection<ConnectionPolicies<S>>,
  others: readonly Keys[] = [],
): Index<PolicyFact> {
  const words = [
    ...others,
    graph.index(ofRoutes, `${kind}: facts of routes`, ({ whole, rules, policies }, key) => {
      const { gateway } = parseRouteRulesKey(key)
      const applies = policies.map((policy): PolicyFact => fact(keyOf(policy), gateway, 'applies'))
      const said = [whole, ...Object.values(rules)].flatMap((each) => (each === undefined ? [] : factsOf(each, gateway)))
      return [...new Set([...applies, ...said].map(toWord))]
    }),
    ...(ofClusters === undefined
      ? []
      : [graph.index(ofClusters, `${kind}: facts of clusters`, (effective) => [...new Set(factsOf(effective, '').map(toWord))])]),
    ...(ofConnections === undefined
      ? []
      : [
          graph.index(ofConnections, `${kind}: facts of connections`, ({ effective, gateway, policies }) => {
            const applies = policies.map((policy): PolicyFact => fact(keyOf(policy), gateway, 'applies'))
            return [...new Set([...applies, ...(effective === undefined ? [] : factsOf(effective, gateway))].map(toWord))]
          }),
        ]),
  ]
  return factsByPolicy(graph, kind, words)
}

/** Declares facts that are there as the words of indexes. */
export function factsByPolicy(graph: Graph, kind: string, words: readonly Keys[]): Index<PolicyFact> {
  const facts = graph.collection<PolicyFact>(`${kind}: facts`, { keys: words, compute: (_view, word) => parseWord(word) })
  return graph.index(facts, `${kind}: facts by policy`, ({ policy }) => [policy])
}

/** What policies came to, for one thing that they are about. */
export function factsOf<S extends object>({ layers, losses, problems = [] }: Effective<S>, gateway: string): readonly PolicyFact[] {
  const counting = layers.flat().map(keyOf)
  return [
    ...counting.map((policy) => fact(policy, gateway, 'counts')),
    ...counting.flatMap((policy) => counting.flatMap((other) => (other === policy ? [] : [fact(policy, gateway, 'with', '', other)]))),
    ...losses.map(({ loser, field, winner, how }) => fact(keyOf(loser), gateway, how, field, keyOf(winner))),
    ...problems.map(({ policy, ...problem }) => fact(keyOf(policy), gateway, 'problem', problemText(problem))),
  ]
}

/** What is wrong with a part of a policy, as the field of a fact. */
export function problemText({ reason, message }: Problem): string {
  return `${reason}: ${message}`.replaceAll('|', '/')
}

/** One fact. */
export function fact(policy: string, gateway: string, what: PolicyFact['what'], field = '', other = ''): PolicyFact {
  return { policy, gateway, what, field, other }
}

/** The key of an object within its kind. */
export function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`
}

const KINDS_OF_FACTS: readonly PolicyFact['what'][] = [
  'applies',
  'counts',
  'with',
  'problem',
  'broken',
  'Overridden',
  'Conflicted',
  'Unsupported',
]

/** The word of a fact. Neither names nor fields have a bar. */
export function toWord({ policy, gateway, what, field, other }: PolicyFact): string {
  return [policy, gateway, what, field, other].join('|')
}

function parseWord(word: string): PolicyFact | undefined {
  const [policy = '', gateway = '', text = '', field = '', other = ''] = word.split('|')
  const what = KINDS_OF_FACTS.find((each) => each === text)
  return what === undefined ? undefined : { policy, gateway, what, field, other }
}
