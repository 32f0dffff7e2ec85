/** What a port does with connections before a chain is chosen. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { SocketSettings } from '../../../ir/client.js'
import { any, bool, duration, uint32 } from '../../message.js'
import { tcpKeepalive } from '../tcp-keepalive.js'

type Listener = envoy.config.listener.v3.Listener
type ListenerFilter = envoy.config.listener.v3.ListenerFilter

/**
 * Filters that look at the first bytes of a connection.
 *
 * @param looksAtTls true when some chain is chosen by TLS
 */
export function listenerFilters({ proxyProtocol, fingerprints = [] }: SocketSettings, looksAtTls: boolean): readonly ListenerFilter[] {
  return [
    ...(proxyProtocol === 'off' ? [] : [proxyProtocolFilter(proxyProtocol === 'optional')]),
    ...(looksAtTls ? [tlsInspector(fingerprints)] : []),
  ]
}

function proxyProtocolFilter(isOptional: boolean): ListenerFilter {
  return {
    name: 'envoy.filters.listener.proxy_protocol',
    typedConfig: any('envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol', {
      ...(isOptional ? { allowRequestsWithoutProxyProtocol: true } : {}),
    }),
  }
}

function tlsInspector(fingerprints: NonNullable<SocketSettings['fingerprints']>): ListenerFilter {
  return {
    name: 'envoy.filters.listener.tls_inspector',
    typedConfig: any('envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector', {
      ...(fingerprints.includes('JA3') ? { enableJa3Fingerprinting: bool(true) } : {}),
      ...(fingerprints.includes('JA4') ? { enableJa4Fingerprinting: bool(true) } : {}),
    }),
  }
}

/** How the socket of a port is treated. */
export function listenerSocket({ tcpKeepalive: keepalive, maxAcceptsPerEvent, inspectionTimeoutMs }: SocketSettings): Listener {
  return {
    ...(inspectionTimeoutMs === undefined ? {} : { listenerFiltersTimeout: duration(inspectionTimeoutMs) }),
    ...(maxAcceptsPerEvent === undefined ? {} : { maxConnectionsToAcceptPerSocketEvent: uint32(maxAcceptsPerEvent) }),
    ...(keepalive === undefined ? {} : { tcpKeepalive: tcpKeepalive(keepalive) }),
  }
}
