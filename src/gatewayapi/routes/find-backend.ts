/** Follows references to backends: what they are looked up in, and what they lead to. */
import type { Source, View } from '../../incremental/index.js'
import type { ObjectKey } from '../../util/object-ref.js'
import { type BackendKey, type BackendRef, backendKey, backendObject, hasPorts } from '../backends/backend-key.js'
import { type ClusterPolicies, type ClusterUsage, clusterName, requestUsage } from '../backends/cluster-names.js'
import { backendFor, type ResolvedBackend, type UsableBackend } from '../backends/resolved-backend.js'
import type { Problem } from '../conditions.js'
import type { Inputs } from '../inputs.js'
import type { FoundMaterial } from '../materials/materials.js'
import type { Read } from '../materials/pem.js'
import { type GrantIndex, isReferenceAllowed, notGranted, type Referrer } from '../reference-grants.js'
import { type BackendReference, toBackendRef } from './backend-references.js'

/** The sources of rules. */
export interface RuleSources {
  readonly inputs: Inputs
  /** Certificates, authorities and texts by name. */
  readonly materials: Source<Read<FoundMaterial>>
  readonly backends: Source<ResolvedBackend>
  /** Those of sessions that have no endpoint. */
  readonly emptyBackends: Source<true>
  readonly grants: GrantIndex
  readonly gatewayCertificates: Source<string>
}

/** The sources as one fragment sees them, and for whom it follows references. */
export interface ReferenceContext extends RuleSources {
  readonly view: View
  /** The object that refers. */
  readonly referrer: Referrer
  /** Undefined for objects that belong to no gateway, such as policies. */
  readonly gateway?: ObjectKey
  /** Policies for the clusters that are referred to. */
  readonly clusterPolicies?: ClusterPolicies
}

/** A backend that a reference leads to, or why it leads nowhere. */
export type FoundBackend =
  | { readonly ok: true; readonly cluster: string; readonly key: BackendKey; readonly backend: UsableBackend }
  /** Without a problem the reference itself is fine: what is wrong is reported on another object. */
  | { readonly ok: false; readonly problem: Problem | undefined }

/** What a reference leads to, before anybody sends anything there. */
export type ResolvedReference =
  | { readonly ok: true; readonly ref: BackendRef; readonly backend: UsableBackend }
  | { readonly ok: false; readonly problem: Problem }
  /** The reference itself is fine: what is wrong with the backend is reported on another object. */
  | { readonly ok: false; readonly problem: undefined; readonly why: string }

/** Follows a reference. Whether it is permitted is asked first, so that nobody learns what exists elsewhere. */
export function resolveReference(
  view: View,
  { backends, grants }: Pick<RuleSources, 'backends' | 'grants'>,
  referrer: Referrer,
  reference: BackendReference,
  usage: ClusterUsage,
): ResolvedReference {
  const ref = toBackendRef(reference, referrer.namespace, usage === 'udp' ? 'UDP' : 'TCP')
  if (ref === undefined) {
    const kind = reference.group === '' ? reference.kind : `${reference.group}/${reference.kind}`
    return fails('InvalidKind', `The backend "${reference.name}" is of kind ${kind}, which is not supported.`)
  }
  if (!isReferenceAllowed(view, grants, referrer, backendObject(ref))) {
    return fails('RefNotPermitted', notGranted(`The ${ref.kind} "${ref.namespace}/${ref.name}"`))
  }
  if (hasPorts(ref.kind) && ref.port === undefined) return fails('BackendNotFound', `The backend "${ref.name}" needs a port.`)
  const backend = backendFor(usage, view.get(backends, backendKey(ref)))
  if (backend === undefined) return fails('BackendNotFound', `The ${ref.kind} "${ref.namespace}/${ref.name}" does not exist.`)
  if (!backend.usable)
    return backend.reason === undefined ? { ok: false, problem: undefined, why: backend.message } : fails(backend.reason, backend.message)
  if (requestUsage(usage) !== undefined && backend.http.protocol === 'unsupported') {
    return fails('UnsupportedProtocol', `The ${ref.kind} "${ref.namespace}/${ref.name}" ${backend.http.message}.`)
  }
  return { ok: true, ref, backend }
}

/** Follows a reference to the cluster that is sent to. */
export function findBackend(context: ReferenceContext, reference: BackendReference, usage: ClusterUsage): FoundBackend {
  const found = resolveReference(context.view, context, context.referrer, reference, usage)
  if (!found.ok) return found
  const { ref, backend } = found
  const spoken = usage === 'tcp' && isTlsOfClients(context, backend) ? 'passthrough' : usage
  const gateway = certificateOwner(context, backend, spoken)
  return {
    ok: true,
    backend,
    key: backendKey(ref),
    cluster: clusterName({ backend: ref, usage: spoken, gateway, policies: context.clusterPolicies ?? [] }),
  }
}

/** Clients of a TCPRoute are connected as if to the backend itself: to one that speaks TLS they speak it, and ours around it would be one too many. */
function isTlsOfClients({ referrer }: ReferenceContext, { isTlsImplied }: UsableBackend): boolean {
  return referrer.kind === 'TCPRoute' && isTlsImplied === true
}

/** The gateway in the name of a cluster: only where it changes the cluster, so that gateways share the others. */
function certificateOwner(context: ReferenceContext, backend: UsableBackend, usage: ClusterUsage): ObjectKey | undefined {
  const isEncrypted = backend.tls !== undefined && usage !== 'passthrough' && usage !== 'udp'
  if (!isEncrypted || !backend.wantsGatewayCertificate || context.gateway === undefined) return undefined
  return context.view.get(context.gatewayCertificates, context.gateway) === undefined ? undefined : context.gateway
}

function fails(reason: string, message: string): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: { reason, message } }
}
