/**
 * What ClientTrafficPolicies say about each listener: those about its Gateway, its ListenerSet and itself, put together.
 */
import type { ClientTrafficSettings } from '../../gen/kinds.js'
import type { Collection, Graph, View } from '../../incremental/index.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Inputs } from '../inputs.js'
import type { DeclaredListener, ListenerDeclarations } from '../listeners/listeners.js'
import type { GrantIndex } from '../reference-grants.js'
import { CLIENT_TRAFFIC_POLICY, concernsSecurity } from './client-kind.js'
import { LEVELS } from './effective-policies.js'
import { mergePolicies } from './merge.js'
import { declarePolicies, layersAbout, type Policies } from './policies.js'
import type { Effective, Layer, ResolvedPolicy } from './policy.js'
import type { TargetRef } from './policy-targets.js'

type Settings = ClientTrafficSettings

/** What policies say about a listener. */
export interface ListenerPolicies {
  readonly effective: Effective<Settings> | undefined
  /** The part of policies about the Gateway as a whole. */
  readonly whole: Effective<Settings> | undefined
  /** A policy that cannot be used and was to keep somebody out. */
  readonly broken: ObjectVersion | undefined
  /** Every policy that is about it, whether it counts or not. */
  readonly policies: readonly ObjectVersion[]
}

/** ClientTrafficPolicies. */
export interface ClientPolicies {
  readonly policies: Policies<Settings>
  /** By `ListenerKey`. Listeners without any have no value. */
  readonly ofListeners: Collection<ListenerPolicies>
}

/** Declares what policies say about listeners. */
export function declareClientPolicies(
  graph: Graph,
  inputs: Inputs,
  grants: GrantIndex,
  { declared }: Pick<ListenerDeclarations, 'declared'>,
): ClientPolicies {
  const policies = declarePolicies(graph, inputs, { grants }, CLIENT_TRAFFIC_POLICY)
  const ofListeners = graph.collection<ListenerPolicies>('ClientTrafficPolicy: of listeners', {
    keys: declared,
    compute: (view, key) => {
      const listener = view.get(declared, key)
      return listener && policiesOf(view, policies, listener)
    },
  })
  return { policies, ofListeners }
}

function policiesOf(view: View, policies: Policies<Settings>, listener: DeclaredListener): ListenerPolicies | undefined {
  const layers = targetsOf(listener).flatMap(({ target, level }) => layersAbout(view, policies, target, level))
  if (layers.length === 0) return undefined
  const { atoms } = policies.kind
  return {
    effective: mergePolicies(layers, atoms),
    whole: mergePolicies(
      layers.filter(({ level }) => level === LEVELS.gateway),
      atoms,
    ),
    broken: layers.find(isBroken)?.policy.object,
    policies: [...new Set(layers.map(({ policy }) => policy.object))],
  }
}

function isBroken({ policy }: Layer<Settings>): boolean {
  return policy.problem !== undefined && protects(policy)
}

function protects({ settings, overrides }: ResolvedPolicy<Settings>): boolean {
  return concernsSecurity(settings) || (overrides !== undefined && concernsSecurity(overrides))
}

function targetsOf({ gateway, parent, spec }: DeclaredListener): readonly { readonly target: TargetRef; readonly level: number }[] {
  const whole = (kind: string, { namespace, name }: ObjectVersion): TargetRef => ({ kind, namespace, name, sectionName: undefined })
  return [
    { target: whole('Gateway', gateway), level: LEVELS.gateway },
    ...(parent.kind === 'ListenerSet' ? [{ target: whole('ListenerSet', parent), level: LEVELS.listenerSet }] : []),
    { target: { ...whole(parent.kind, parent), sectionName: spec.name }, level: LEVELS.listener },
  ]
}
