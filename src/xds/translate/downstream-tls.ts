/** TLS that ends at the proxy. */
import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { ClientValidation, TlsTermination } from '../../ir/tls.js'
import { any, bool } from '../message.js'
import type { ResourceReference } from '../resource.js'
import { sdsSecret, secretReference } from './sds.js'
import { subjectAltNameMatcher, tlsParameters } from './tls-parameters.js'

type CommonTlsContext = envoy.extensions.transport_sockets.tls.v3.CommonTlsContext
type CertificateValidationContext = envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext

const { ACCEPT_UNTRUSTED } = Enum['envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext.TrustChainVerification']

/** The SHA-256 of no certificate: with it Envoy asks for a certificate and accepts none. */
const NO_CERTIFICATE = '0'.repeat(64)

/** The transport socket of a filter chain that terminates TLS. */
export function downstreamTlsSocket(tls: TlsTermination): envoy.config.core.v3.TransportSocket {
  return {
    name: 'envoy.transport_sockets.tls',
    typedConfig: any('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
      commonTlsContext: {
        ...tlsParameters(tls),
        alpnProtocols: tls.alpn,
        tlsCertificateSdsSecretConfigs: tls.certificates.map(sdsSecret),
        ...(tls.clientValidation === undefined ? {} : clientValidation(tls.clientValidation)),
      },
      ...(tls.clientValidation === undefined ? {} : { requireClientCertificate: bool(tls.clientValidation.mode === 'require') }),
    }),
  }
}

/** The secrets that a termination names. */
export function terminationReferences(tls: TlsTermination): readonly ResourceReference[] {
  const trust = tls.clientValidation?.trust
  return [...tls.certificates, ...(trust === undefined ? [] : [trust])].map(secretReference)
}

function clientValidation(validation: ClientValidation): CommonTlsContext {
  const { trust, mode, subjectAltNames = [], spkiHashes = [], certificateHashes = [] } = validation
  const untrusted: CertificateValidationContext = mode === 'request' ? { trustChainVerification: ACCEPT_UNTRUSTED } : {}
  // Without an authority nobody has a good certificate, whatever names and keys are asked for.
  if (trust === undefined) return { validationContext: { ...untrusted, verifyCertificateHash: [NO_CERTIFICATE] } }
  const defaultValidationContext: CertificateValidationContext = {
    ...untrusted,
    ...(subjectAltNames.length === 0 ? {} : { matchTypedSubjectAltNames: subjectAltNames.map(subjectAltNameMatcher) }),
    ...(spkiHashes.length === 0 ? {} : { verifyCertificateSpki: spkiHashes }),
    ...(certificateHashes.length === 0 ? {} : { verifyCertificateHash: certificateHashes }),
  }
  return { combinedValidationContext: { defaultValidationContext, validationContextSdsSecretConfig: sdsSecret(trust) } }
}
