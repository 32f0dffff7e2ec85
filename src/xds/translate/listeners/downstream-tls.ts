/** TLS that ends at the proxy. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { ClientValidation, TlsTermination } from '../../../ir/tls.js'
import { any, bool } from '../../message.js'
import type { ResourceReference } from '../../resource.js'
import { sdsSecret, secretReference } from '../sds.js'
import { subjectAltNameMatcher, tlsParameters } from '../tls-parameters.js'

type CommonTlsContext = envoy.extensions.transport_sockets.tls.v3.CommonTlsContext
type CertificateValidationContext = envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext

const { ACCEPT_UNTRUSTED } = Enum['envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.TrustChainVerification']

/** The SHA-256 of no certificate: with it Envoy asks for a certificate and accepts none. */
const NO_CERTIFICATE = '0'.repeat(64)

/**
 * An authority that nobody has the key of: Envoy refuses connections without a certificate only where it has one, and tells clients about it
 * unless it is kept from that. It vouches for nobody, and no certificate needs it where any is good.
 */
const NOBODY = `-----BEGIN CERTIFICATE-----
MIIBiDCCAS+gAwIBAgIUICpkAiM9RCImwwgmaoZrcI6N+1QwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyODExNDAwMloYDzIxMjYxMTA0MTE0
MDAyWjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQwdkdBpLuokclCu7Rqt9buk7onE8S1pbcMEzBwpv3agMSnERAMj2ml1AXWKfNj
5kVz6chZWxb6t8LVXJwzIh3Po2MwYTAdBgNVHQ4EFgQU0BFwtOrO2xd0bssWnMs5
j0a+5XEwHwYDVR0jBBgwFoAU0BFwtOrO2xd0bssWnMs5j0a+5XEwDwYDVR0TAQH/
BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwCgYIKoZIzj0EAwIDRwAwRAIgToViU5Jt
SWOEurJoxYvGzMoJdzepv2Ww79YgvgwcsycCIGf49EIOfNKoZ3kMK73UmMTVtvgz
v7NZiu+IV3jS8J0Q
-----END CERTIFICATE-----
`

/** The transport socket of a filter chain that terminates TLS. */
export function downstreamTlsSocket(tls: TlsTermination): envoy.config.core.v3.TransportSocket {
  return {
    name: 'envoy.transport_sockets.tls',
    typedConfig: any('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', downstreamTlsContext(tls)),
  }
}

/** The same for HTTP/3, which has its own names for what is spoken inside. */
export function quicSocket(tls: TlsTermination): envoy.config.core.v3.TransportSocket {
  return {
    name: 'envoy.transport_sockets.quic',
    typedConfig: any('envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport', {
      downstreamTlsContext: downstreamTlsContext({
        certificates: tls.certificates,
        alpn: [],
        ...(tls.resumption === undefined ? {} : { resumption: tls.resumption }),
      }),
      // Whoever records early requests can send them again, so they may only go to servers that are known to answer 425 where that matters
      // (RFC 8470, section 6.1): of backends nobody knows it.
      enableEarlyData: bool(false),
    }),
  }
}

function downstreamTlsContext(tls: TlsTermination): envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext {
  const { clientValidation: validation, resumption } = tls
  const requires = validation?.mode === 'require' || validation?.mode === 'requireAny'
  return {
    commonTlsContext: {
      ...tlsParameters(tls),
      alpnProtocols: tls.alpn,
      tlsCertificateSdsSecretConfigs: tls.certificates.map(sdsSecret),
      ...(validation === undefined ? {} : clientValidation(validation)),
    },
    ...(validation === undefined ? {} : { requireClientCertificate: bool(requires) }),
    ...(resumption === undefined || resumption.includes('stateless') ? {} : { disableStatelessSessionResumption: true }),
    ...(resumption === undefined || resumption.includes('stateful') ? {} : { disableStatefulSessionResumption: true }),
  }
}

/** The secrets that a termination names. */
export function terminationReferences(tls: TlsTermination): readonly ResourceReference[] {
  const trust = tls.clientValidation?.trust
  return [...tls.certificates, ...(trust === undefined ? [] : [trust])].map(secretReference)
}

function clientValidation(validation: ClientValidation): CommonTlsContext {
  const { trust, pinned, mode, subjectAltNames = [], spkiHashes = [], certificateHashes = [] } = validation
  const untrusted: CertificateValidationContext =
    mode === 'request' || mode === 'requireAny' ? { trustChainVerification: ACCEPT_UNTRUSTED } : {}
  const hashes: CertificateValidationContext = {
    ...(spkiHashes.length === 0 ? {} : { verifyCertificateSpki: spkiHashes }),
    ...(certificateHashes.length === 0 ? {} : { verifyCertificateHash: certificateHashes }),
  }
  const isPinned = pinned === true && spkiHashes.length + certificateHashes.length > 0
  if (trust === undefined && isPinned) return { validationContext: hashes }
  if (mode === 'requireAny') return { validationContext: { ...untrusted, trustedCa: { inlineString: NOBODY }, suppressClientCaList: true } }
  // Without an authority nobody has a good certificate, whatever names and keys are asked for.
  if (trust === undefined) return { validationContext: { ...untrusted, verifyCertificateHash: [NO_CERTIFICATE] } }
  const defaultValidationContext: CertificateValidationContext = {
    ...untrusted,
    ...(subjectAltNames.length === 0 ? {} : { matchTypedSubjectAltNames: subjectAltNames.map(subjectAltNameMatcher) }),
    ...hashes,
    ...expiry(validation),
    ...(validation.revocationOfLeafOnly === undefined ? {} : { onlyVerifyLeafCertCrl: true }),
  }
  return { combinedValidationContext: { defaultValidationContext, validationContextSdsSecretConfig: sdsSecret(trust) } }
}

function expiry({ allowExpired }: ClientValidation): CertificateValidationContext {
  return allowExpired === undefined ? {} : { allowExpiredCertificate: true }
}
