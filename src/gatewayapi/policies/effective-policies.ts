/**
 * The policy that holds for each rule of a route: those of the Gateway, of the ListenerSet and the listener that it is reached through, of
 * the route and of the rule, put together.
 *
 * A route is compiled once for the listeners of a gateway that have no policies of their own, and once for each of the others.
 */
import type { Collection, Graph, Index, Source, View } from '../../incremental/index.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Attachment, EffectiveListener, ListenerKey } from '../model.js'
import { isRequestKind, type Routes } from '../routes/any-route.js'
import { parseRouteRulesKey, routeRulesKey } from '../routes/route-rules.js'
import { mergedWithProblems } from './merged-with-problems.js'
import { layersAbout, type Policies } from './policies.js'
import type { Effective, Layer } from './policy.js'
import type { PolicyKind, PolicyKindName } from './policy-kind.js'
import { selectorWord, type TargetRef } from './policy-targets.js'
import { objectWord, type TargetedObjects } from './targeted-objects.js'

/** Levels of targets, from the widest to the narrowest. */
export const LEVELS = { gateway: 0, listenerSet: 1, listener: 2, route: 3, rule: 4, backend: 5, port: 6 } as const

const NONE: readonly never[] = []

/** What policies of a kind say about the rules of a route. */
export interface RoutePolicies<S extends object> {
  /** For rules that no policy names; undefined where nothing is said. */
  readonly whole: Effective<S> | undefined
  /** For rules that policies name. */
  readonly rules: Readonly<Record<string, Effective<S> | undefined>>
  /** Policies that cannot be used, and the rule that each is about; undefined: all rules. */
  readonly broken: readonly { readonly policy: ObjectVersion; readonly ruleName: string | undefined }[]
  /** Every policy that is about the route or about something that it is in, whether it counts or not. */
  readonly policies: readonly ObjectVersion[]
}

type MergedKind<S extends object> = Pick<PolicyKind<PolicyKindName, S>, 'atoms' | 'togetherProblems'>

/** Where a route is reached. */
export interface RouteScope {
  /** The keys of its rules there, see `routeRulesKey`. */
  readonly keys: readonly string[]
  /** The kinds of policies that may be about it or about something that it is in: of others there is nothing to look for. */
  readonly kinds: readonly PolicyKindName[]
}

/** Routes and where they are reached, in the words of policies. */
export interface RouteScopes {
  /** By the key of the route. */
  readonly ofRoutes: Collection<RouteScope>
  /** For a listener with policies of its own: its key. */
  readonly ofListeners: Collection<ListenerKey>
  /** The keys of the rules of routes, see `routeRulesKey`. */
  readonly keys: Index<RouteScope>
}

/** Declares for which listeners routes must be compiled of their own. */
export function declareRouteScopes(
  graph: Graph,
  attachments: Source<Attachment>,
  listeners: Source<EffectiveListener>,
  targeted: TargetedObjects,
  kinds: readonly Policies<object>[],
): RouteScopes {
  const ofListeners = graph.collection<ListenerKey>('listeners with policies', {
    keys: listeners,
    compute: (view, key) => {
      const listener = view.get(listeners, key)
      const targets = listener === undefined ? [] : listenerTargets(listener)
      return kinds.some((policies) => targets.some(({ target, level }) => layersAbout(view, policies, target, level).length > 0))
        ? listener?.key
        : undefined
    },
  })
  const names = kinds.map(({ kind }) => kind.name)
  const ofRoutes = graph.collection<RouteScope>('scopes of routes', {
    keys: attachments,
    compute: (view, route) => {
      const attachment = view.get(attachments, route)
      if (attachment === undefined) return undefined
      const { keys, hasListener } = scopesOf(view, ofListeners, route, attachment)
      const said = isRequestKind(attachment.route.kind) ? wordsAbout(attachment) : []
      const found = new Set<string>(said.flatMap((word) => view.get(targeted, word) ?? []))
      const some = hasListener ? names : names.filter((name) => found.has(name))
      return { keys, kinds: some.length === 0 ? NONE : some }
    },
  })
  return { ofListeners, ofRoutes, keys: graph.index(ofRoutes, 'routes on gateways', ({ keys }) => keys) }
}

/** Declares what the policies of a kind say about routes, by `routeRulesKey`. Routes without any have no value. */
export function declareEffectivePolicies<S extends object>(
  graph: Graph,
  scopes: RouteScopes,
  routes: Routes,
  listeners: Source<EffectiveListener>,
  policies: Policies<S>,
): Collection<RoutePolicies<S>> {
  const { name } = policies.kind
  return graph.collection<RoutePolicies<S>>(`${name}: effective`, {
    keys: graph.index(scopes.ofRoutes, `${name}: routes on gateways`, ({ keys, kinds }) => (kinds.includes(name) ? keys : NONE)),
    compute: (view, key) => {
      const { route: routeKey, gateway, listener: listenerKey } = parseRouteRulesKey(key)
      const [kind = '', namespace = '', name = ''] = routeKey.split('/')
      if (!isRequestKind(kind)) return undefined
      const listener = listenerKey === undefined ? undefined : view.get(listeners, listenerKey)
      const [gatewayNamespace = '', gatewayName = ''] = gateway.split('/')
      const route = { kind, namespace, name, sectionName: undefined }
      const around = [
        { target: { kind: 'Gateway', namespace: gatewayNamespace, name: gatewayName, sectionName: undefined }, level: LEVELS.gateway },
        ...(listener === undefined ? [] : listenerTargets(listener)),
        { target: route, level: LEVELS.route },
      ].flatMap(({ target, level }) => layersAbout(view, policies, target, level))
      const ruleNames = namesOfRules(routes.served(view, routeKey)?.object.spec.rules ?? [])
      const ofRules = ruleNames.flatMap((ruleName) => {
        const found = layersAbout(view, policies, { ...route, sectionName: ruleName }, LEVELS.rule)
        return found.length === 0 ? [] : [{ ruleName, layers: found }]
      })
      return joined(around, ofRules, policies.kind)
    },
  })
}

/** What holds for a rule. */
export function policyOfRule<S extends object>(
  policies: RoutePolicies<S> | undefined,
  ruleName: string | undefined,
): Effective<S> | undefined {
  if (policies === undefined) return undefined
  return ruleName !== undefined && Object.hasOwn(policies.rules, ruleName) ? policies.rules[ruleName] : policies.whole
}

/** True if a policy that cannot be used is about a rule or about something that it is in. */
export function isBroken<S extends object>(policies: RoutePolicies<S> | undefined, ruleName: string | undefined): boolean {
  return policies?.broken.some((each) => each.ruleName === undefined || each.ruleName === ruleName) ?? false
}

/** The policies that say some field of those that are asked for about any rule. */
export function policiesSaying<S extends object>(
  policies: RoutePolicies<S> | undefined,
  isAskedFor: (path: string) => boolean,
): readonly ObjectVersion[] {
  if (policies === undefined) return []
  return [policies.whole, ...Object.values(policies.rules)].flatMap((effective) =>
    Object.entries(effective?.origins ?? {}).flatMap(([path, policy]) => (isAskedFor(path) ? [policy] : [])),
  )
}

function joined<S extends object>(
  around: readonly Layer<S>[],
  ofRules: readonly { readonly ruleName: string; readonly layers: readonly Layer<S>[] }[],
  kind: MergedKind<S>,
): RoutePolicies<S> | undefined {
  if (around.length === 0 && ofRules.length === 0) return undefined
  const all = [...around, ...ofRules.flatMap(({ layers }) => layers)].map(({ policy }) => policy.object)
  const merged = (layers: readonly Layer<S>[]) => mergedWithProblems(layers, kind.atoms, kind.togetherProblems)
  return {
    whole: merged(around),
    rules: Object.fromEntries(ofRules.map(({ ruleName, layers }) => [ruleName, merged([...around, ...layers])])),
    broken: [
      ...brokenOf(around).map((policy) => ({ policy, ruleName: undefined })),
      ...ofRules.flatMap(({ ruleName, layers }) => brokenOf(layers).map((policy) => ({ policy, ruleName }))),
    ],
    policies: [...new Set(all)],
  }
}

function brokenOf<S extends object>(layers: readonly Layer<S>[]): readonly ObjectVersion[] {
  return layers.flatMap(({ policy }) => (policy.problem === undefined ? [] : [policy.object]))
}

/** What policies about a listener name: what declares it, unless that is the Gateway, and the listener itself. */
export function listenerTargets({ parent, name }: EffectiveListener): readonly { readonly target: TargetRef; readonly level: number }[] {
  const whole = { kind: parent.kind, namespace: parent.namespace, name: parent.name, sectionName: undefined }
  return [
    ...(parent.kind === 'ListenerSet' ? [{ target: whole, level: LEVELS.listenerSet }] : []),
    { target: { ...whole, sectionName: name }, level: LEVELS.listener },
  ]
}

function scopesOf(
  view: View,
  ofListeners: Source<ListenerKey>,
  route: string,
  { parents }: Attachment,
): { readonly keys: readonly string[]; readonly hasListener: boolean } {
  const ofGateways: string[] = []
  const ofTheirListeners: string[] = []
  for (const { gateway, listeners } of parents) {
    const own = listeners.flatMap(({ listener }) => view.get(ofListeners, listener) ?? [])
    ofTheirListeners.push(...own.map((listener) => routeRulesKey(route, gateway, listener)))
    // Where each has policies of its own, what holds without them holds for no request, and nothing is to be said of it.
    if (own.length === 0 || own.length < listeners.length) ofGateways.push(routeRulesKey(route, gateway))
  }
  return { keys: [...new Set([...ofGateways, ...ofTheirListeners])], hasListener: ofTheirListeners.length > 0 }
}

/** What policies may name or select to be about a route and its rules, listeners aside. */
function wordsAbout({ route, parents }: Attachment): readonly string[] {
  const gateways = parents.map(({ gateway }) => {
    const [namespace = '', name = ''] = gateway.split('/')
    return { kind: 'Gateway', namespace, name }
  })
  return [...new Set([route, ...gateways].flatMap((each) => [objectWord(each), selectorWord(each.kind, each.namespace)]))]
}

/** The names of rules that have one. */
export function namesOfRules(rules: readonly { readonly name?: string }[]): readonly string[] {
  return rules.flatMap(({ name }) => name ?? [])
}
