/**
 * The objects that some policy may be about. Nearly all routes and Services have no policy of their own, and there are five kinds that they
 * might have one of: whoever looks for them looks here first, and what is not here is noted once for all kinds.
 */
import type { PolicyTargetReference, PolicyTargetSelector } from '../../gen/kinds.js'
import type { Collection, Graph, Keys, Source, View } from '../../incremental/index.js'
import type { Inputs } from '../inputs.js'
import { selectorWord, type TargetRef, targetWord } from './policy-targets.js'

/** Kinds of policies that objects are looked up by. */
export type TargetingKind = OwnKind | 'BackendTLSPolicy' | 'XBackendTrafficPolicy'

/** Those of our own about routes and backends. */
type OwnKind = 'BackendTrafficPolicy' | 'SecurityPolicy' | 'ExtensionPolicy'

/**
 * For the word of a whole target, and for the word of a selector: the kinds of the policies that name it, or a part of it. Whether such a
 * policy counts is another matter.
 */
export type TargetedObjects = Collection<readonly TargetingKind[]>

/** What all kinds of our own have. */
interface Targeting {
  readonly metadata: { readonly namespace: string }
  readonly spec: { readonly targetRefs?: readonly PolicyTargetReference[]; readonly targetSelectors?: readonly PolicyTargetSelector[] }
}

const OWN_KINDS: readonly OwnKind[] = ['BackendTrafficPolicy', 'SecurityPolicy', 'ExtensionPolicy']

/**
 * Declares the objects that policies may be about.
 *
 * @param others kinds that are not our own
 */
export function declareTargetedObjects(graph: Graph, inputs: Inputs, others: readonly Targets[]): TargetedObjects {
  const kinds = [...OWN_KINDS.map((kind) => targetsIn<Targeting>(graph, kind, inputs.kind(kind), targetsOf)), ...others]
  return graph.collection<readonly TargetingKind[]>('targets of policies', {
    keys: kinds.map(({ words }) => words),
    compute: (view, word) => kinds.flatMap(({ kind, isNamed }) => (isNamed(view, word) ? [kind] : [])),
  })
}

/** True if a policy of a kind may be about a target or a part of it, or may select it by its labels. */
export function isTargeted(view: View, targeted: TargetedObjects, kind: TargetingKind, word: string): boolean {
  return view.get(targeted, word)?.includes(kind) ?? false
}

/** The word of an object, whatever part of it a target is. */
export function objectWord({ kind, namespace, name }: Pick<TargetRef, 'kind' | 'namespace' | 'name'>): string {
  return targetWord({ kind, namespace, name, sectionName: undefined })
}

/** What the policies of a kind are about. */
export interface Targets {
  readonly kind: TargetingKind
  readonly words: Keys
  /** True if one of them names the object of a word. */
  isNamed(view: View, word: string): boolean
}

/** Declares what the policies of a kind are about, in words. */
export function targetsIn<V>(graph: Graph, kind: TargetingKind, source: Source<V>, of: (value: V) => readonly string[]): Targets {
  const words = graph.index(source, `targets of ${kind}`, of)
  return { kind, words, isNamed: (view, word) => view.count(words, word) > 0 }
}

function targetsOf({ spec, metadata: { namespace } }: Targeting): readonly string[] {
  return [
    ...(spec.targetRefs ?? []).map((ref) => objectWord({ ...ref, namespace: ref.namespace ?? namespace })),
    ...(spec.targetSelectors ?? []).map(({ kind }) => selectorWord(kind, namespace)),
  ]
}
