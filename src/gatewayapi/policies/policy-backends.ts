/** Backends that our own policies refer to, such as servers that are asked about requests. */
import type { KindTypes } from '../../gen/kinds.js'
import type { Graph, Index, View } from '../../incremental/index.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import { backendKey } from '../backends/backend-key.js'
import type { Problem } from '../conditions.js'
import type { Inputs } from '../inputs.js'
import { type BackendReference, toBackendRef } from '../routes/backend-references.js'
import { type RuleSources, resolveReference } from '../routes/find-backend.js'
import type { PolicyKind, PolicyKindName, PolicyWorld } from './policy-kind.js'

/** The keys of the backends that policies of a kind refer to, by policy. */
export function declarePolicyBackendKeys<K extends PolicyKindName, S extends object>(
  graph: Graph,
  inputs: Inputs,
  kind: PolicyKind<K, S>,
): Index<KindTypes[K]> {
  return graph.index<KindTypes[K]>(inputs.kind(kind.name), `${kind.name}: backends`, (policy) => backendsOfPolicy(kind, policy))
}

/** The keys of the backends that a policy refers to. */
export function backendsOfPolicy<K extends PolicyKindName, S extends object>(
  kind: PolicyKind<K, S>,
  { spec, metadata }: KindTypes[K],
): readonly string[] {
  return referencesOf(kind, kind.settingsOf(spec), kind.overridesOf(spec)).flatMap((reference) => {
    const ref = toBackendRef(reference, metadata.namespace, 'TCP')
    return ref === undefined ? [] : [backendKey(ref)]
  })
}

/** Why a policy cannot be used as long as its backends are as they are; whether they have endpoints is not asked. */
export function backendProblem<K extends PolicyKindName, S extends object>(
  view: View,
  sources: Pick<RuleSources, 'backends' | 'grants'>,
  kind: PolicyKind<K, S>,
  policy: { readonly object: ObjectVersion; readonly settings: S; readonly overrides: S | undefined },
): Problem | undefined {
  for (const reference of referencesOf(kind, policy.settings, policy.overrides)) {
    const found = resolveReference(view, sources, policy.object, reference, 'tcp')
    if (!found.ok && found.problem !== undefined) return found.problem
  }
  return undefined
}

/** A field of a policy that names a backend. */
export interface NamedBackend {
  readonly field: string
  readonly backendRef: BackendReference
}

/** The first backend that nothing can be sent to though the reference to it is fine, as where nobody usable is left to trust there. */
export function unusedProblem(
  { view, references }: PolicyWorld,
  policy: ObjectVersion,
  named: readonly NamedBackend[],
): Problem | undefined {
  for (const { field, backendRef } of named) {
    const found = resolveReference(view, references, policy, backendRef, 'tcp')
    if (!found.ok && found.problem === undefined) return { reason: 'Invalid', message: `${field}: nothing is sent there: ${found.why}` }
  }
  return undefined
}

function referencesOf<K extends PolicyKindName, S extends object>(
  { backendsOf }: PolicyKind<K, S>,
  settings: S,
  overrides: S | undefined,
): readonly BackendReference[] {
  return [settings, overrides].flatMap((each) => (each === undefined ? [] : (backendsOf?.(each) ?? [])))
}
