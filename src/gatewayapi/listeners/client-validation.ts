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
import { type MaterialSources, type ReferredMaterial, referredMaterial } from '../materials/referred-material.js'
import { textMatch } from '../policies/client-settings.js'
import type { FrontendValidation } from './frontend-validation.js'

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
  sources: MaterialSources,
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
  const referred = (ref: SecretObjectReference, name: string | undefined, key: 'ca.crt' | 'ca.crl'): ReferredMaterial =>
    referredMaterial(view, sources, policy, ref, { name, holds: `"${key}": use a Secret or a ConfigMap`, reason: 'Invalid' })
  const authorities = (spec.caCertificateRefs ?? []).map((ref) => referred(ref, trustName(ref, policy.namespace), 'ca.crt'))
  const lists = (spec.crl?.refs ?? []).map((ref) => referred(ref, revocationName(ref, policy.namespace), 'ca.crl'))
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
