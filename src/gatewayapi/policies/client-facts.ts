/** What ClientTrafficPolicies came to, as single facts. */
import type { Collection, Graph, Index } from '../../incremental/index.js'
import { objectKey } from '../../util/object-ref.js'
import type { ListenerState } from '../listeners/listener-states.js'
import type { ListenerDeclarations } from '../listeners/listeners.js'
import type { ClientPolicies } from './client-policies.js'
import type { ClientPort } from './client-ports.js'
import { declareClientReachFacts } from './client-reach.js'
import type { Effective } from './policy.js'
import { fact, factsByPolicy, factsOf, keyOf, type PolicyFact, problemText, toWord } from './policy-facts.js'
import type { ListenerLoss } from './shared-settings.js'

/** Declares the facts, by the key of the policy that they are about. */
export function declareClientFacts(
  graph: Graph,
  { declared }: Pick<ListenerDeclarations, 'declared'>,
  { ofListeners, policies }: ClientPolicies,
  ports: Collection<ClientPort>,
  states: Collection<ListenerState>,
): Index<PolicyFact> {
  const ofPolicies = graph.collection<readonly string[]>('ClientTrafficPolicy: words of listeners', {
    keys: ofListeners,
    compute: (view, key) => {
      const found = view.get(ofListeners, key)
      const listener = view.get(declared, key)
      if (found === undefined || listener === undefined) return undefined
      const gateway = objectKey(listener.gateway.namespace, listener.gateway.name)
      const applies = found.policies.map((policy) => fact(keyOf(policy), gateway, 'applies'))
      const losses = view.get(ports, listener.portWord)?.losses.filter((loss) => loss.listener === key) ?? []
      const said = found.effective === undefined ? [] : factsOf(without(found.effective, losses), gateway)
      return [...new Set([...applies, ...said].map(toWord))]
    },
  })
  const words = [
    declareClientReachFacts(graph, declared, ofListeners),
    graph.index(ofPolicies, 'ClientTrafficPolicy: facts of listeners', (each) => each),
    graph.index(ports, 'ClientTrafficPolicy: facts of ports', ({ losses, closed }) => {
      const lost = losses.map(({ loser, field, winner, gateway }) =>
        fact(keyOf(loser), keyOf(gateway), 'Unsupported', field, keyOf(winner)),
      )
      const broken = [...closed.values()].flatMap(({ policies: losers, gateway, ...problem }) =>
        losers.map((policy) => fact(keyOf(policy), keyOf(gateway), 'broken', problemText(problem))),
      )
      return [...new Set([...lost, ...broken].map(toWord))]
    }),
    graph.index(states, 'ClientTrafficPolicy: problems of listeners', ({ declared: { gateway }, policyProblems }) => [
      ...new Set(
        policyProblems.map(({ policy, closes, ...problem }) =>
          toWord(fact(keyOf(policy), objectKey(gateway.namespace, gateway.name), closes ? 'broken' : 'problem', problemText(problem))),
        ),
      ),
    ]),
  ]
  return factsByPolicy(graph, policies.kind.name, words)
}

/** What is left of what policies say about a listener where others of its port decide some fields. */
function without<S extends object>(effective: Effective<S>, lost: readonly ListenerLoss[]): Effective<S> {
  if (lost.length === 0) return effective
  const fields = new Set(lost.map(({ field }) => field))
  const origins = Object.fromEntries(Object.entries(effective.origins).filter(([field]) => !fields.has(field)))
  const counting = new Set(Object.values(origins))
  return {
    ...effective,
    origins,
    layers: effective.layers.map((layer) => layer.filter((policy) => counting.has(policy))),
    losses: effective.losses.filter(({ field }) => !fields.has(field)),
  }
}
