/** Certificates, authorities and lists of revoked certificates that a Gateway, a listener or a policy about clients names. */
import type { Source, View } from '../../incremental/index.js'
import type { Problem } from '../conditions.js'
import { type GrantIndex, isReferenceAllowed, type Referrer } from '../reference-grants.js'
import type { TrustReference } from './material-names.js'
import type { FoundMaterial } from './materials.js'
import type { Read } from './pem.js'

/** What decides about references to material. */
export interface MaterialSources {
  readonly materials: Source<Read<FoundMaterial>>
  readonly grants: GrantIndex
}

/** What is wanted of a reference, and how it is said where it cannot be had. */
export interface WantedMaterial {
  /** The name of the material; undefined where objects of the kind hold none. */
  readonly name: string | undefined
  /** What objects of another kind cannot hold, and what to take, such as `a certificate: use a Secret`. */
  readonly holds: string
  /** Where the reference stands, if that is not clear: a word behind the name of the object. */
  readonly field?: string
  /** The reason where there is no such object, or nothing good in it. */
  readonly reason: string
  /** The reason where the kind is wrong; the same when left out. */
  readonly kindReason?: string
}

/** What a reference leads to; both, where an older version of an object serves in place of the present one. */
export interface ReferredMaterial {
  readonly name?: string
  readonly found?: FoundMaterial
  readonly problem?: Problem
}

/**
 * Follows a reference. Whether it is permitted is asked before anything is looked up, so that nobody learns what exists elsewhere.
 *
 * @param from who refers; references without a namespace are to its own
 */
export function referredMaterial(
  view: View,
  { materials, grants }: MaterialSources,
  from: Referrer,
  ref: TrustReference,
  { name, holds, field = '', reason, kindReason = reason }: WantedMaterial,
): ReferredMaterial {
  const namespace = ref.namespace ?? from.namespace
  const isClusterScoped = name?.startsWith('ClusterTrustBundle/') === true
  const what = `${ref.kind} "${isClusterScoped ? ref.name : `${namespace}/${ref.name}`}"${field}`
  if (name === undefined) return { problem: { reason: kindReason, message: `${what} cannot hold ${holds}.` } }
  if (!isClusterScoped && !isReferenceAllowed(view, grants, from, { group: ref.group, kind: ref.kind, namespace, name: ref.name })) {
    const message = `${what} is in another namespace and no ReferenceGrant there allows ${plural(from.kind)} of "${from.namespace}" to refer to it.`
    return { problem: { reason: 'RefNotPermitted', message } }
  }
  const found = view.get(materials, name)
  if (found === undefined) return { problem: { reason, message: `${what} does not exist.` } }
  if (!found.ok) return { problem: { reason, message: `${what} ${found.message}.` } }
  const { refusal } = found.value
  const refused = refusal === undefined ? undefined : `${what}: its last good version serves, Envoy refused this one: ${refusal}`
  return { name, found: found.value, ...(refused === undefined ? {} : { problem: { reason, message: refused } }) }
}

function plural(kind: string): string {
  return kind.endsWith('Policy') ? kind.replace(/y$/, 'ies') : `${kind}s`
}
