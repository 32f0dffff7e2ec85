/** Declares the policies of one kind, and finds those that are about something. */
import type { KindTypes } from '../../gen/kinds.js'
import type { Collection, Graph, Index, View } from '../../incremental/index.js'
import { type ObjectKey, objectKey, objectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import type { Inputs, Quarantine } from '../inputs.js'
import { selectorMatches } from '../label-selector.js'
import { isReferenceAllowed, notGranted } from '../reference-grants.js'
import type { RuleSources } from '../routes/find-backend.js'
import { servedVersion } from '../served-version.js'
import type { Layer, PolicyTarget, ResolvedPolicy } from './policy.js'
import { backendProblem } from './policy-backends.js'
import type { PolicyKind, PolicyKindName, PolicyWorld } from './policy-kind.js'
import { selectorWord, type TargetRef, targetKind, targetWord, wrongKind } from './policy-targets.js'
import { isTargeted, objectWord, type TargetedObjects, type TargetingKind } from './targeted-objects.js'

/** The policies of a kind. */
export interface Policies<S extends object> {
  readonly kind: PolicyKind<PolicyKindName, S>
  /** By the key of the policy. */
  readonly all: Collection<ResolvedPolicy<S>>
  /** By the word of a target: those that name it. */
  readonly byTarget: Index<ResolvedPolicy<S>>
  /** By kind and namespace: those that select among such objects. */
  readonly bySelector: Index<ResolvedPolicy<S>>
  /** False if no policy is about the object of a word, a part of it, or what a word of selectors stands for: there is nothing to look for. */
  mayBeAbout(view: View, word: string): boolean
  /** The labels of a target. */
  labelsOf(view: View, target: TargetRef): Readonly<Record<string, string>> | undefined
}

type Metadata = { readonly metadata: { readonly labels?: Readonly<Record<string, string>> } }

/** What references of policies are looked up in: no backends for a kind that refers to none. */
export type PolicySources = Pick<RuleSources, 'grants'> &
  Partial<Pick<RuleSources, 'backends'>> & {
    /** For kinds whose targets are many: what policies are about at all. */
    readonly targets?: { readonly objects: TargetedObjects; readonly kind: TargetingKind }
  }

/** What is wrong with something that a policy refers to, by its key. */
export type Missing = (view: View, key: string) => Problem | undefined

/**
 * Declares the policies of a kind.
 *
 * @param missing by the key of a policy: what is wrong with something that it refers to, so that it cannot be used
 * @param references for kinds that look at other objects
 */
export function declarePolicies<K extends PolicyKindName, S extends object>(
  graph: Graph,
  inputs: Inputs,
  sources: PolicySources,
  kind: PolicyKind<K, S>,
  missing: Missing = () => undefined,
  references?: RuleSources,
): Policies<S> {
  const objects = inputs.kind(kind.name)
  const { targets } = sources
  const all = graph.collection<ResolvedPolicy<S>>(`${kind.name}: policies`, {
    keys: objects,
    compute: (view, key) => {
      const found = view.get(objects, key)
      if (found === undefined) return undefined
      const quarantine = view.get(inputs.quarantines, `${kind.name}/${key}`)
      // An older version might let in whom this one keeps out, and would serve without anybody being told.
      const { object, isRefused } = servedVersion(found, withoutLastGood(quarantine))
      const refusal = { reason: 'Invalid', message: `Envoy refused the policy: ${quarantine?.message ?? ''}` }
      const resolved = resolve(view, sources, kind, object, (isRefused ? refusal : undefined) ?? missing(view, key))
      return references === undefined ? resolved : withContent({ view, inputs, references }, kind, resolved)
    },
  })
  return {
    kind,
    all,
    byTarget: graph.index(all, `${kind.name}: by target`, ({ targets }) =>
      targets.flatMap((target) => (target.problem === undefined ? [targetWord(target)] : [])),
    ),
    bySelector: graph.index(all, `${kind.name}: by selector`, ({ selectors, object }) => [
      ...new Set(selectors.map((selector) => selectorWord(selector.kind, object.namespace))),
    ]),
    mayBeAbout: (view, word) => targets === undefined || isTargeted(view, targets.objects, targets.kind, word),
    labelsOf: (view, target) => labelsOf(view, inputs, target),
  }
}

function withoutLastGood(quarantine: Quarantine | undefined): Quarantine | undefined {
  if (quarantine === undefined) return undefined
  const { generation, state, message } = quarantine
  return { generation, state, message }
}

/** The policies that are about a target, in no particular order, for a level of the way to a backend. */
export function layersAbout<S extends object>(view: View, policies: Policies<S>, target: TargetRef, level: number): readonly Layer<S>[] {
  const { kind, byTarget } = policies
  const named = policies.mayBeAbout(view, objectWord(target)) ? view.list(byTarget, targetWord(target)) : []
  const about = [...named, ...(target.sectionName === undefined ? selecting(view, policies, target) : [])]
  return [...new Set(about)].filter((policy) => problemFor(kind, policy, target.kind) === undefined).map((policy) => ({ level, policy }))
}

function selecting<S extends object>(view: View, policies: Policies<S>, target: TargetRef): readonly ResolvedPolicy<S>[] {
  const word = selectorWord(target.kind, target.namespace)
  const found = policies.mayBeAbout(view, word) ? view.list(policies.bySelector, word) : []
  if (found.length === 0) return found
  const labels = policies.labelsOf(view, target)
  return found.filter((policy) => selects(policy, target.kind, labels))
}

/** Why a policy means nothing for a target of a kind. */
function problemFor<S extends object>(
  { targetProblem }: Pick<PolicyKind<PolicyKindName, S>, 'targetProblem'>,
  { settings, overrides }: Pick<ResolvedPolicy<S>, 'settings' | 'overrides'>,
  kind: string,
): Problem | undefined {
  return targetProblem(settings, kind) ?? (overrides === undefined ? undefined : targetProblem(overrides, kind))
}

/** True if a policy selects an object of its namespace by its labels. */
export function selects<S extends object>(
  { selectors }: ResolvedPolicy<S>,
  kind: string,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  return selectors.some((selector) => selector.kind === kind && selectorMatches({ matchLabels: selector.matchLabels }, labels))
}

function resolve<K extends PolicyKindName, S extends object>(
  view: View,
  sources: PolicySources,
  kind: PolicyKind<K, S>,
  object: KindTypes[K],
  wrong: Problem | undefined,
): ResolvedPolicy<S> {
  const { backends, grants } = sources
  const { spec, metadata } = object
  const settings = kind.settingsOf(spec)
  const overrides = kind.overridesOf(spec)
  const from = objectVersion(object)
  const targets = (spec.targetRefs ?? []).map((ref): PolicyTarget => {
    const known = targetKind(ref.group, ref.kind)
    const target = { ...ref, namespace: ref.namespace ?? metadata.namespace, sectionName: ref.sectionName }
    const isPossible = known !== undefined && kind.isTarget(known)
    if (!isPossible) return { ...target, problem: wrongKind(ref) }
    if (!isReferenceAllowed(view, grants, from, target)) return { ...target, problem: notPermitted(target) }
    return { ...target, problem: problemFor(kind, { settings, overrides }, known) }
  })
  const kinds = [...(spec.targetRefs ?? []), ...(spec.targetSelectors ?? [])].map((target) => target.kind)
  return {
    object: from,
    creationTimestamp: metadata.creationTimestamp,
    targets,
    selectors: (spec.targetSelectors ?? []).filter((selector) => {
      const known = targetKind(selector.group, selector.kind)
      return known !== undefined && kind.isTarget(known)
    }),
    replaces: spec.mergeType === 'Replace',
    settings,
    overrides,
    problem:
      wrong ??
      kind.problemOf(settings, kinds) ??
      (overrides === undefined ? undefined : kind.problemOf(overrides, kinds)) ??
      (backends === undefined ? undefined : backendProblem(view, { backends, grants }, kind, { object: from, settings, overrides })),
  }
}

/** What only a look at other objects tells. */
function withContent<K extends PolicyKindName, S extends object>(
  world: PolicyWorld,
  { contentProblem, referenceProblem }: PolicyKind<K, S>,
  policy: ResolvedPolicy<S>,
): ResolvedPolicy<S> {
  if (policy.problem !== undefined) return policy
  const all = [policy.settings, ...(policy.overrides === undefined ? [] : [policy.overrides])]
  const problem = all.flatMap((settings) => contentProblem?.(world, settings, policy.object) ?? [])[0]
  const unresolved = all.flatMap((settings) => referenceProblem?.(world, settings, policy.object) ?? [])[0]
  return { ...policy, problem, ...(unresolved === undefined ? {} : { unresolved }) }
}

function notPermitted({ kind, namespace, name }: TargetRef): Problem {
  return { reason: 'RefNotPermitted', message: notGranted(`The ${kind} "${namespace}/${name}"`) }
}

function labelsOf(view: View, inputs: Inputs, { kind, namespace, name }: TargetRef): Readonly<Record<string, string>> | undefined {
  const key: ObjectKey = objectKey(namespace, name)
  const found: Metadata | undefined = objectOf(view, inputs, kind, key)
  return found?.metadata.labels
}

function objectOf(view: View, inputs: Inputs, kind: string, key: ObjectKey): Metadata | undefined {
  switch (kind) {
    case 'Gateway':
    case 'ListenerSet':
    case 'HTTPRoute':
    case 'GRPCRoute':
    case 'TLSRoute':
    case 'TCPRoute':
    case 'Service':
    case 'ServiceImport':
    case 'Backend':
    case 'XBackend':
      return view.get<Metadata>(inputs.kind(kind), key)
    default:
      return undefined
  }
}
