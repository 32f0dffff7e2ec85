import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import { any } from '../../message.js'

type TransportSocket = envoy.config.core.v3.TransportSocket

const VERSION = Enum['envoy.config.core.v3.ProxyProtocolConfig.Version']

/** Bytes as they are. */
const RAW: TransportSocket = {
  name: 'envoy.transport_sockets.raw_buffer',
  typedConfig: any('envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer', {}),
}

/** Says in front of each connection whose it is (PROXY protocol); Envoy then shares no connection among clients. */
export function proxyProtocolSocket(version: 'v1' | 'v2', inner: TransportSocket = RAW): TransportSocket {
  return {
    name: 'envoy.transport_sockets.upstream_proxy_protocol',
    typedConfig: any('envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport', {
      config: { version: version === 'v1' ? VERSION.V1 : VERSION.V2 },
      transportSocket: inner,
    }),
  }
}
