/** TLS to a backend. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { SubjectAltName, UpstreamTls } from '../../../ir/tls.js'
import { any } from '../../message.js'
import type { ResourceReference } from '../../resource.js'
import type { TranslateOptions } from '../options.js'
import { sdsSecret, secretReference } from '../sds.js'
import { subjectAltNameMatcher, tlsParameters } from '../tls-parameters.js'

type CommonTlsContext = envoy.extensions.transport_sockets.tls.v3.CommonTlsContext
type CertificateValidationContext = envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext

/** Envoy itself goes up to 1.2 towards backends, and some take nothing older than 1.3. */
const MAX_VERSION = '1.3'

/** The transport socket of a cluster. `alpn` is what is offered to be spoken inside. */
export function upstreamTlsSocket(
  tls: UpstreamTls,
  alpn: readonly string[],
  options: TranslateOptions,
): envoy.config.core.v3.TransportSocket {
  const { serverName, clientCertificate } = tls
  return {
    name: 'envoy.transport_sockets.tls',
    typedConfig: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      // RFC 6066 §3: an IP address is no server name.
      ...(serverName === undefined || isAddress(serverName) ? {} : { sni: serverName }),
      ...(tls.byEndpoint === true ? { autoHostSni: true, ...(verifiesServerName(tls) ? { autoSniSanValidation: true } : {}) } : {}),
      commonTlsContext: {
        ...tlsParameters({ maxVersion: MAX_VERSION, ...tls }),
        alpnProtocols: alpn,
        ...(clientCertificate === undefined ? {} : { tlsCertificateSdsSecretConfigs: [sdsSecret(clientCertificate)] }),
        ...serverValidation(tls, options),
      },
    }),
  }
}

/**
 * What HTTP adds: without a configured server name it is the host of the request, which the certificate must carry then. Undefined
 * when the name is known.
 */
export function hostSni(tls: UpstreamTls | undefined): envoy.config.core.v3.UpstreamHttpProtocolOptions | undefined {
  if (tls === undefined || tls.serverName !== undefined) return undefined
  return { autoSni: true, ...(verifiesServerName(tls) ? { autoSanValidation: true } : {}) }
}

/** The secrets that TLS to a backend names. */
export function upstreamTlsReferences({ trust, clientCertificate }: UpstreamTls): readonly ResourceReference[] {
  const names = [...(trust.kind === 'material' ? [trust.name] : []), ...(clientCertificate === undefined ? [] : [clientCertificate])]
  return names.map(secretReference)
}

function serverValidation(tls: UpstreamTls, { systemTrustFile }: TranslateOptions): CommonTlsContext {
  const names: CertificateValidationContext = { matchTypedSubjectAltNames: expectedNames(tls).map(subjectAltNameMatcher) }
  switch (tls.trust.kind) {
    case 'none':
      return {}
    case 'system':
      return { validationContext: { ...names, trustedCa: { filename: systemTrustFile } } }
    case 'material':
      return {
        combinedValidationContext: { defaultValidationContext: names, validationContextSdsSecretConfig: sdsSecret(tls.trust.name) },
      }
  }
}

/** True if the certificate must carry the name that the server is asked for by: where a policy lists names, these count and no other. */
function verifiesServerName({ trust, subjectAltNames }: UpstreamTls): boolean {
  return trust.kind !== 'none' && subjectAltNames.length === 0
}

function expectedNames({ subjectAltNames, serverName }: UpstreamTls): readonly SubjectAltName[] {
  if (subjectAltNames.length > 0) return subjectAltNames
  if (serverName === undefined) return []
  return [{ type: isAddress(serverName) ? 'IP' : 'DNS', value: serverName, match: 'exact' }]
}

/** No DNS name has a colon or consists of digits and dots. */
function isAddress(name: string): boolean {
  return name.includes(':') || /^[0-9.]+$/.test(name)
}
