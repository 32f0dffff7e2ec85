import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { SubjectAltName, TlsVersion } from '../../ir/tls.js'
import { textMatcher } from './text-match.js'

type TlsParameters = envoy.extensions.transport_sockets.tls.v3.TlsParameters
type SubjectAltNameMatcher = envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher

const VERSIONS = Enum['envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol']
const SAN_TYPES = Enum['envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType']

const PROTOCOLS = {
  '1.0': VERSIONS.TLSv1_0,
  '1.1': VERSIONS.TLSv1_1,
  '1.2': VERSIONS.TLSv1_2,
  '1.3': VERSIONS.TLSv1_3,
} as const satisfies Record<TlsVersion, number>

const SAN_TYPE = {
  DNS: SAN_TYPES.DNS,
  URI: SAN_TYPES.URI,
  IP: SAN_TYPES.IP_ADDRESS,
  email: SAN_TYPES.EMAIL,
} as const satisfies Record<Exclude<SubjectAltName['type'], object>, number>

/** What both directions of TLS can restrict. */
export interface TlsRestrictions {
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
  readonly ciphers?: readonly string[]
  readonly curves?: readonly string[]
  readonly signatureAlgorithms?: readonly string[]
}

/** Versions and algorithms; an empty result leaves all of them to Envoy: TLS 1.2 and 1.3 for clients. */
export function tlsParameters(tls: TlsRestrictions): { readonly tlsParams?: TlsParameters } {
  const tlsParams: TlsParameters = {
    ...(tls.minVersion === undefined ? {} : { tlsMinimumProtocolVersion: PROTOCOLS[tls.minVersion] }),
    ...(tls.maxVersion === undefined ? {} : { tlsMaximumProtocolVersion: PROTOCOLS[tls.maxVersion] }),
    ...(tls.ciphers === undefined ? {} : { cipherSuites: distinct(tls.ciphers) }),
    ...(tls.curves === undefined ? {} : { ecdhCurves: distinct(tls.curves) }),
    ...(tls.signatureAlgorithms === undefined ? {} : { signatureAlgorithms: distinct(tls.signatureAlgorithms) }),
  }
  return Object.keys(tlsParams).length === 0 ? {} : { tlsParams }
}

/** Each once: of algorithms for signatures BoringSSL takes no list that names one twice, and elsewhere the second says nothing. */
function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}

/** A name that a certificate must carry. */
export function subjectAltNameMatcher({ type, value, match }: SubjectAltName): SubjectAltNameMatcher {
  const kind = typeof type === 'object' ? { sanType: SAN_TYPES.OTHER_NAME, oid: type.oid } : { sanType: SAN_TYPE[type] }
  return { ...kind, matcher: textMatcher({ kind: match, value }) }
}
