/**
 * Whether an object may refer to an object of another namespace.
 *
 * Source: Gateway API v1.7, ReferenceGrant: any entry of `from` together with any entry of `to` is enough, grants only add up.
 */
import type { ReferenceGrant } from '../gen/kinds.js'
import type { Graph, Index, View } from '../incremental/index.js'
import type { ObjectRef } from '../util/object-ref.js'
import type { Inputs } from './inputs.js'

/** What is granted, as words that say from whom to what: reading one depends on nothing but the grants that say the same. */
export type GrantIndex = Index<ReferenceGrant>

/** Declares the index over all grants. */
export function declareReferenceGrants(graph: Graph, inputs: Inputs): GrantIndex {
  return graph.index(inputs.kind('ReferenceGrant'), 'reference grants', grantedWords)
}

/** The referring side of a reference: grants do not name single objects. */
export interface Referrer {
  readonly group: string
  readonly kind: string
  readonly namespace: string
}

/** True if the target is in the same namespace, or if a grant there allows the reference. */
export function isReferenceAllowed(view: View, grants: GrantIndex, from: Referrer, to: ObjectRef): boolean {
  if (from.namespace === to.namespace) return true
  return view.count(grants, word(from, to, to.name)) > 0 || view.count(grants, word(from, to, undefined)) > 0
}

/** What is said of a reference that is not allowed. @param what the target, with its namespace */
export function notGranted(what: string): string {
  return `${what} is in another namespace and no ReferenceGrant there allows the reference.`
}

function grantedWords(grant: ReferenceGrant): readonly string[] {
  const { namespace } = grant.metadata
  return grant.spec.from.flatMap((from) => grant.spec.to.map((to) => word(from, { ...to, namespace }, to.name)))
}

function word(from: Referrer, to: Referrer, name: string | undefined): string {
  return [from.group, from.kind, from.namespace, to.group, to.kind, to.namespace, name ?? ''].join('/')
}
