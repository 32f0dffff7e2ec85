/**
 * Where policies and filters are in use: what proxies say about routes is said about them as well. As single facts, because thousands of
 * routes are about the same policy. EnvoyPatchPolicies are none of them: what proxies took of one says nothing about resources that come later.
 */
import type { Collection, Graph, Source } from '../../incremental/index.js'
import { type ObjectKey, type ObjectVersion, objectKey } from '../../util/object-ref.js'
import { parseRouteRulesKey, type RouteRules } from '../routes/route-rules.js'
import type { RoutePolicies } from './effective-policies.js'

/** A policy or filter, and the gateways whose routes it is about. */
export interface PolicyUse {
  readonly object: ObjectVersion
  /** In ascending order. */
  readonly gateways: readonly ObjectKey[]
}

interface Fact {
  readonly object: ObjectVersion
  readonly gateway: ObjectKey
}

/**
 * Declares the uses, by `<Kind>/<namespace>/<name>`.
 *
 * @param ofRoutes what policies say about routes, by kind: those that cannot be used are in it as well
 */
export function declarePolicyUses(
  graph: Graph,
  ofRoutes: Readonly<Record<string, Source<Pick<RoutePolicies<object>, 'policies'>>>>,
  routeRules: Source<RouteRules>,
): Collection<PolicyUse> {
  const words = [
    ...Object.entries(ofRoutes).map(([kind, source]) =>
      graph.index(source, `${kind}: words of uses`, ({ policies }, key) => toWords(policies, key)),
    ),
    graph.index(routeRules, 'words of filter uses', ({ policies }, key) =>
      toWords(
        policies.filter(({ kind }) => kind === 'HTTPRouteFilter'),
        key,
      ),
    ),
  ]
  const facts = graph.collection<Fact>('facts of policy uses', { keys: words, compute: (_view, word) => parseWord(word) })
  const byObject = graph.index(facts, 'policy uses by object', ({ object }) => [`${object.kind}/${object.namespace}/${object.name}`])
  return graph.collection<PolicyUse>('policy uses', {
    keys: byObject,
    compute: (view, key) => {
      const found = view.list(byObject, key)
      // Routes of several gateways are compiled one after the other.
      const newest = [...found].sort((a, b) => b.object.generation - a.object.generation)[0]
      return newest && { object: newest.object, gateways: [...new Set(found.map(({ gateway }) => gateway))].sort() }
    },
  })
}

function toWords(objects: readonly ObjectVersion[], key: string): readonly string[] {
  const { gateway } = parseRouteRulesKey(key)
  return [...new Set(objects.map((object) => toWord(object, gateway)))]
}

/** No name has a bar. */
function toWord({ group, kind, namespace, name, generation }: ObjectVersion, gateway: string): string {
  return [group, kind, namespace, name, generation, gateway].join('|')
}

function parseWord(word: string): Fact {
  const [group = '', kind = '', namespace = '', name = '', generation = '', gateway = ''] = word.split('|')
  const [gatewayNamespace = '', gatewayName = ''] = gateway.split('/')
  return { object: { group, kind, namespace, name, generation: Number(generation) }, gateway: objectKey(gatewayNamespace, gatewayName) }
}
