/** How an Envoy reaches its control plane, and how both sides know each other. */
import { isIP } from 'node:net'
import { Enum } from '../src/gen/envoy/enums.js'
import type { envoy } from '../src/gen/envoy/types.js'
import { any, duration, uint32 } from '../src/xds/message.js'

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

/** Files are read again when they change: certificates and tokens rotate while the stream stays up. */
export interface XdsTls {
  /** PEM file with the certificates that the control plane's own must be signed by. */
  readonly caFile: string
  /** The name in the control plane's certificate. */
  readonly serverName: string
  /** The proxy's own certificate: PEM files in one folder. */
  readonly clientCertificate?: { readonly certificateFile: string; readonly privateKeyFile: string }
  /** A file that holds an SDS secret with the proxy's token (see `tokenSecret`), sent as `authorization: Bearer`. */
  readonly tokenSecretFile?: string
}

/** The static cluster. An idle connection that died is noticed within 35 s. */
export function xdsCluster({ host, port, tls }: XdsConnection): envoy.config.cluster.v3.Cluster {
  const isAddress = isIP(host) !== 0
  return {
    name: XDS_CLUSTER,
    type: Enum['envoy.config.cluster.v3.Cluster.DiscoveryType'][isAddress ? 'STATIC' : 'STRICT_DNS'],
    connectTimeout: duration(3_000),
    ...(isAddress ? {} : { dnsLookupFamily: Enum['envoy.config.cluster.v3.Cluster.DnsLookupFamily'].ALL }),
    loadAssignment: {
      clusterName: XDS_CLUSTER,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress: { address: host, portValue: port } } } }] }],
    },
    upstreamConnectionOptions: {
      tcpKeepalive: { keepaliveProbes: uint32(3), keepaliveTime: uint32(30), keepaliveInterval: uint32(10) },
    },
    typedExtensionProtocolOptions: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': any('envoy.extensions.upstreams.http.v3.HttpProtocolOptions', {
        explicitHttpConfig: {
          http2ProtocolOptions: { connectionKeepalive: { interval: duration(30_000), timeout: duration(5_000) } },
        },
        ...(tls?.tokenSecretFile === undefined ? {} : { httpFilters: tokenFilters(tls.tokenSecretFile) }),
      }),
    },
    ...(tls === undefined ? {} : { transportSocket: transportSocket(tls) }),
  }
}

/**
 * The text of the file that `tokenSecretFile` names: an SDS secret that points to the token, which Envoy then reads again whenever
 * the folder of the token changes (Kubernetes replaces projected tokens by renaming a link in it).
 */
export function tokenSecret(tokenFile: string): string {
  const resource = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
    name: TOKEN_SECRET,
    generic_secret: { secret: { filename: tokenFile, watched_directory: { path: folderOf(tokenFile) } } },
  }
  return `${JSON.stringify({ resources: [resource] })}\n`
}

const TOKEN_SECRET = 'headgate_xds_token'

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
            credential: { name: TOKEN_SECRET, sdsConfig: { pathConfigSource: { path: secretFile } } },
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

function transportSocket({ caFile, serverName, clientCertificate }: XdsTls): envoy.config.core.v3.TransportSocket {
  const { TLSv1_3 } = Enum['envoy.extensions.transport_sockets.tls.v3.TlsParameters.TlsProtocol']
  const name = isIP(serverName) !== 0 ? 'IP_ADDRESS' : 'DNS'
  return {
    name: 'envoy.transport_sockets.tls',
    typedConfig: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      ...(name === 'DNS' ? { sni: serverName } : {}),
      commonTlsContext: {
        tlsParams: { tlsMinimumProtocolVersion: TLSv1_3, tlsMaximumProtocolVersion: TLSv1_3 },
        alpnProtocols: ['h2'],
        ...(clientCertificate === undefined
          ? {}
          : {
              tlsCertificates: [
                {
                  certificateChain: { filename: clientCertificate.certificateFile },
                  privateKey: { filename: clientCertificate.privateKeyFile },
                  watchedDirectory: { path: folderOf(clientCertificate.certificateFile) },
                },
              ],
            }),
        validationContext: {
          trustedCa: { filename: caFile },
          watchedDirectory: { path: folderOf(caFile) },
          matchTypedSubjectAltNames: [
            {
              sanType: Enum['envoy.extensions.transport_sockets.tls.v3.SubjectAltNameMatcher.SanType'][name],
              matcher: { exact: serverName },
            },
          ],
        },
      },
    }),
  }
}

function folderOf(file: string): string {
  return file.slice(0, Math.max(file.lastIndexOf('/'), 1))
}
