/**
 * Validation of clients' certificates as a ClientTrafficPolicy says it, together with what the Gateway itself says (`tls.frontend`): a policy
 * adds to that and cannot weaken it.
 */
import type { ClientSubjectAltNames, SecretObjectReference, ClientValidation as Spec, StringMatch } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import type { ClientValidation, SubjectAltName } from '../../ir/tls.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import { combinedTrustName, revocationName, trustName } from '../materials/material-names.js'
import { textMatch } from '../policies/client-settings.js'
import { isReferenceAllowed } from '../reference-grants.js'
import type { FrontendValidation, TrustSources } from './frontend-validation.js'

/** How clients are validated. */
export interface PolicyValidation {
  readonly validation: ClientValidation | undefined
  /** Why nobody may be served: what certificates are checked against cannot be had. */
  readonly closed: Problem | undefined
  /** References that cannot be used while others can. */
  readonly problems: readonly Problem[]
}

const MODES = { Request: 'request', RequireAny: 'requireAny', VerifyIfGiven: 'verifyIfGiven', RequireAndVerify: 'require' } as const

/** Resolves the validation that a policy asks for. */
export function resolveClientValidation(
  view: View,
  sources: TrustSources,
  policy: ObjectVersion,
  spec: Spec,
  frontend: FrontendValidation,
): PolicyValidation {
  const ofGateway = frontend.validation
  // The Gateway lets nobody in without a good certificate: no policy opens that.
  const mode = ofGateway?.mode === 'require' ? 'require' : MODES[spec.mode]
  if (ofGateway !== undefined && spec.caCertificateRefs !== undefined) {
    return closed('The Gateway names the authorities itself (tls.frontend): leave out caCertificateRefs, or take them out of the Gateway.')
  }
  const authorities = (spec.caCertificateRefs ?? []).map((ref) => resolve(view, sources, policy, ref, 'ca.crt'))
  const lists = (spec.crl?.refs ?? []).map((ref) => resolve(view, sources, policy, ref, 'ca.crl'))
  const problems = [...authorities, ...lists].flatMap((each) => each.problem ?? [])
  const names = [...(ofGateway?.trust === undefined ? [] : [ofGateway.trust]), ...authorities.flatMap((each) => each.name ?? [])]
  const revoked = lists.flatMap((each) => each.name ?? [])
  const checks = checksOf(spec)
  if (mode === 'request' || mode === 'requireAny') return { validation: { trust: undefined, mode }, closed: undefined, problems }
  const [firstProblem] = problems
  // Who was revoked is not known: nobody can be told from them.
  if (revoked.length < lists.length) return closed(firstProblem?.message ?? '', problems)
  if (names.length > 0) {
    return { validation: { trust: combinedTrustName([...names, ...revoked]), mode, ...checks }, closed: undefined, problems }
  }
  if (firstProblem !== undefined) return closed(firstProblem.message, problems)
  const isPinned = checks.spkiHashes !== undefined || checks.certificateHashes !== undefined
  if (!isPinned) return closed('It names no authority: set caCertificateRefs, or the hashes of certificates.')
  if (checks.subjectAltNames !== undefined || spec.crl !== undefined)
    return closed('Names and revocation lists say nothing without an authority: set caCertificateRefs as well.')
  return { validation: { trust: undefined, pinned: true, mode, ...checks }, closed: undefined, problems }
}

function closed(message: string, problems: readonly Problem[] = []): PolicyValidation {
  return { validation: undefined, closed: { reason: 'Invalid', message: `tls.clientValidation: ${message}` }, problems }
}

type Checks = Omit<ClientValidation, 'trust' | 'pinned' | 'mode'>

function checksOf({ spkiHashes, certificateHashes, subjectAltNames, crl, allowExpiredCertificate }: Spec): Checks {
  const names = namesOf(subjectAltNames)
  return {
    ...(names.length === 0 ? {} : { subjectAltNames: names }),
    ...(spkiHashes === undefined ? {} : { spkiHashes }),
    ...(certificateHashes === undefined
      ? {}
      : { certificateHashes: certificateHashes.map((hash) => hash.replaceAll(':', '').toLowerCase()) }),
    ...(crl?.onlyVerifyLeafCertificate === true ? { revocationOfLeafOnly: true } : {}),
    ...(allowExpiredCertificate === true ? { allowExpired: true } : {}),
  }
}

function namesOf(names: ClientSubjectAltNames | undefined): readonly SubjectAltName[] {
  const { dnsNames = [], emailAddresses = [], ipAddresses = [], uris = [], otherNames = [] } = names ?? {}
  return [
    ...dnsNames.map((name) => nameOf('DNS', name)),
    ...emailAddresses.map((name) => nameOf('email', name)),
    ...ipAddresses.map((name) => nameOf('IP', name)),
    ...uris.map((name) => nameOf('URI', name)),
    ...otherNames.map((name) => nameOf({ oid: name.oid }, name)),
  ]
}

function nameOf(type: SubjectAltName['type'], match: StringMatch): SubjectAltName {
  const { kind, value } = textMatch(match)
  return { type, value, match: kind }
}

interface Resolved {
  readonly name?: string
  readonly problem?: Problem
}

function resolve(
  view: View,
  { materials, grants }: TrustSources,
  policy: ObjectVersion,
  ref: SecretObjectReference,
  part: 'ca.crt' | 'ca.crl',
): Resolved {
  const namespace = ref.namespace ?? policy.namespace
  const name = part === 'ca.crt' ? trustName(ref, policy.namespace) : revocationName(ref, policy.namespace)
  const isClusterScoped = name?.startsWith('ClusterTrustBundle') === true
  const what = `${ref.kind} "${isClusterScoped ? ref.name : `${namespace}/${ref.name}`}"`
  if (name === undefined) return { problem: { reason: 'Invalid', message: `${what} cannot hold "${part}": use a Secret or a ConfigMap.` } }
  const target = { group: ref.group, kind: ref.kind, namespace, name: ref.name }
  // First of all: whoever may not refer to an object does not learn whether it exists.
  if (!isClusterScoped && !isReferenceAllowed(view, grants, policy, target)) {
    const message = `${what} is in another namespace and no ReferenceGrant there allows ClientTrafficPolicies of "${policy.namespace}" to refer to it.`
    return { problem: { reason: 'RefNotPermitted', message } }
  }
  const found = view.get(materials, name)
  if (found === undefined) return { problem: { reason: 'Invalid', message: `${what} does not exist.` } }
  return found.ok ? { name } : { problem: { reason: 'Invalid', message: `${what} ${found.message}.` } }
}
