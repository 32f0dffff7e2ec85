/** TLS towards backends: whom to trust, from references to authorities. */
import type { SubjectAltName as SubjectAltNameSpec } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import type { SubjectAltName, UpstreamTls } from '../../ir/tls.js'
import type { Problem } from '../conditions.js'
import type { GatewaySources } from '../gateway-sources.js'
import { combinedTrustName, type TrustReference, trustName } from '../materials/material-names.js'

/** TLS without naming anybody to trust: encrypted, and the certificate of the backend is not checked. */
export const UNVERIFIED_TLS: UpstreamTls = { serverName: undefined, trust: { kind: 'none' }, subjectAltNames: [] }

/** How a certificate of a backend is to be checked, as policies and backends write it. */
export interface TlsValidation {
  readonly caCertificateRefs?: readonly TrustReference[]
  readonly wellKnownCACertificates?: string
  readonly hostname?: string
  readonly subjectAltNames?: readonly SubjectAltNameSpec[]
}

/** TLS as it was asked for, as far as its references lead somewhere. */
export interface ResolvedTls {
  /** Undefined when nobody usable is left to trust: then nothing may be sent. */
  readonly tls: UpstreamTls | undefined
  /** The first reference that leads nowhere: a reason of `ResolvedRefs` of BackendTLSPolicy. */
  readonly problem: (Problem & { readonly reason: 'InvalidCACertificateRef' | 'InvalidKind' | 'Invalid' }) | undefined
}

/**
 * Resolves whom to trust.
 *
 * @param namespace of the referring object
 */
export function resolveUpstreamTls(
  view: View,
  materials: GatewaySources['materials'],
  validation: TlsValidation,
  namespace: string,
): ResolvedTls {
  const base = {
    serverName: validation.hostname,
    subjectAltNames: (validation.subjectAltNames ?? []).flatMap(subjectAltName),
  }
  const refs = validation.caCertificateRefs ?? []
  if (refs.length === 0) return systemTrust(validation.wellKnownCACertificates, base)
  const names: string[] = []
  const problems: NonNullable<ResolvedTls['problem']>[] = []
  for (const ref of refs) {
    const name = trustName(ref, namespace)
    const found = name === undefined ? undefined : view.get(materials, name)
    const what = `caCertificateRef ${ref.kind} "${ref.name}"`
    if (name === undefined) problems.push({ reason: 'InvalidKind', message: `The ${what} is of a kind that holds no authorities.` })
    else if (found === undefined) problems.push({ reason: 'InvalidCACertificateRef', message: `The ${what} does not exist.` })
    else if (!found.ok) problems.push({ reason: 'InvalidCACertificateRef', message: `The ${what} ${found.message}.` })
    else names.push(name)
  }
  const trust = { kind: 'material', name: combinedTrustName(names) } as const
  return { tls: names.length === 0 ? undefined : { ...base, trust }, problem: problems[0] }
}

function systemTrust(wellKnown: string | undefined, base: Omit<UpstreamTls, 'trust'>): ResolvedTls {
  if (wellKnown === 'System') return { tls: { ...base, trust: { kind: 'system' } }, problem: undefined }
  const message = `wellKnownCACertificates "${wellKnown ?? ''}" is not supported: use System or caCertificateRefs.`
  return { tls: undefined, problem: { reason: 'Invalid', message } }
}

function subjectAltName(name: SubjectAltNameSpec): readonly SubjectAltName[] {
  if (name.type === 'URI') return name.uri === undefined ? [] : [{ type: 'URI', value: name.uri, match: 'exact' }]
  if (name.hostname === undefined) return []
  return name.hostname.startsWith('*.')
    ? [{ type: 'DNS', value: name.hostname.slice(1), match: 'suffix' }]
    : [{ type: 'DNS', value: name.hostname, match: 'exact' }]
}
