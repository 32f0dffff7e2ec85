/** How an Envoy reaches its control plane, and how both sides know each other. */
import { isIP } from 'node:net'
import { Enum } from '../src/gen/envoy/enums.js'
import type { envoy } from '../src/gen/envoy/types.js'
import { any, duration } from '../src/xds/message.js'
import { dnsCluster } from '../src/xds/translate/clusters/dns-cluster.js'
import { httpProtocolOptions } from '../src/xds/translate/clusters/http-protocol-options.js'
import { XDS_SECRETS } from './xds-secrets.js'

/** The name of the static cluster of the control plane. */
export const XDS_CLUSTER = 'headgate_xds'

/** The control plane's address and what secures the way there. */
export interface XdsConnection {
  /** A DNS name or an IP address. */
  readonly host: string
  readonly port: number
  /** Undefined is plaintext, for the loopback interface only. */
  readonly tls?: XdsTls
}

/**
 * How both sides know each other. The files are SDS secrets, made by the functions of `xds-secrets.ts`: they point to the files with
 * the certificates and tokens themselves, which Envoy then reads again whenever they are renewed. Named directly in the bootstrap
 * they would be read once.
 */
export interface XdsTls {
  /** The authorities that the control plane's certificate must be signed by: an `authoritySecret`. */
  readonly authoritySecretFile: string
  /** The name in the control plane's certificate. */
  readonly serverName: string
  /** The proxy's own certificate: a `certificateSecret`. */
  readonly certificateSecretFile?: string
  /** The proxy's token, sent as `authorization: Bearer`: a `tokenSecret`. */
  readonly tokenSecretFile?: string
}

/**
 * The static cluster. A machine that is gone closes no connection: a proxy that waits for a control plane there has no changes until it is noticed,
 * which is within 20 s.
 */
export function xdsCluster({ host, port, tls }: XdsConnection): envoy.config.cluster.v3.Cluster {
  const isAddress = isIP(host) !== 0
  return {
    name: XDS_CLUSTER,
    ...(isAddress
      ? { type: Enum['envoy.config.cluster.v3.Cluster.DiscoveryType'].STATIC }
      : { clusterType: dnsCluster({ family: 'IPv4AndIPv6', respectsTtl: false }) }),
    connectTimeout: duration(3_000),
    loadAssignment: {
      clusterName: XDS_CLUSTER,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress: { address: host, portValue: port } } } }] }],
    },
    ...httpProtocolOptions({
      explicitHttpConfig: {
        http2ProtocolOptions: { connectionKeepalive: { interval: duration(10_000), timeout: duration(10_000) } },
      },
      ...(tls?.tokenSecretFile === undefined ? {} : { httpFilters: tokenFilters(tls.tokenSecretFile) }),
    }),
    ...(tls === undefined ? {} : { transportSocket: transportSocket(tls) }),
  }
}

function tokenFilters(secretFile: string): readonly envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter[] {
  return [
    {
      name: 'envoy.filters.http.credential_injector',
      typedConfig: any('envoy.extensions.filters.http.credential_injector.v3.CredentialInjector', {
        overwrite: true,
        credential: {
          name: 'envoy.http.injected_credentials.generic',
          typedConfig: any('envoy.extensions.http.injected_credentials.generic.v3.Generic', {
            header: 'authorization',
            headerValuePrefix: 'Bearer ',
            credential: secretOf(XDS_SECRETS.token, secretFile),
          }),
        },
      }),
    },
    {
      name: 'envoy.filters.http.upstream_codec',
      typedConfig: any('envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec', {}),
    },
  ]
}

function transportSocket({ authoritySecretFile, serverName, certificateSecretFile }: XdsTls): envoy.config.core.v3.TransportSocket {
  const { TLSv1_3 } = Enum['envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol']
  const isAddress = isIP(serverName) !== 0
  return {
    name: 'envoy.transport_sockets.tls',
    typedConfig: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      ...(isAddress ? {} : { sni: serverName }),
      commonTlsContext: {
        tlsParams: { tlsMinimumProtocolVersion: TLSv1_3, tlsMaximumProtocolVersion: TLSv1_3 },
        alpnProtocols: ['h2'],
        ...(certificateSecretFile === undefined
          ? {}
          : { tlsCertificateSdsSecretConfigs: [secretOf(XDS_SECRETS.certificate, certificateSecretFile)] }),
        combinedValidationContext: {
          defaultValidationContext: {
            matchTypedSubjectAltNames: [
              {
                sanType: Enum['envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType'][isAddress ? 'IP_ADDRESS' : 'DNS'],
                matcher: { exact: serverName },
              },
            ],
          },
          validationContextSdsSecretConfig: secretOf(XDS_SECRETS.authority, authoritySecretFile),
        },
      },
    }),
  }
}

function secretOf(name: string, path: string): envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig {
  return { name, sdsConfig: { pathConfigSource: { path } } }
}
