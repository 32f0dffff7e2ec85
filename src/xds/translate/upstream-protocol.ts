import type { envoy, google } from '../../gen/envoy/types.js'
import type { BackendProtocol } from '../../ir/cluster.js'
import { any, uint32 } from '../message.js'

type HttpProtocolOptions = envoy.extensions.upstreams.http.v3.HttpProtocolOptions

const KEY = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

/** Per stream 64 KiB, per connection 1 MiB: Envoy's default of 256 MiB would let one slow client fill the memory. */
const HTTP2: envoy.config.core.v3.Http2ProtocolOptions = {
  initialStreamWindowSize: uint32(65_536),
  initialConnectionWindowSize: uint32(1_048_576),
}

/** The HTTP version that a cluster speaks; empty for those that carry bytes. */
export function upstreamProtocol(
  protocol: BackendProtocol,
  upstreamHttpProtocolOptions: envoy.config.core.v3.UpstreamHttpProtocolOptions | undefined,
): { readonly typedExtensionProtocolOptions?: Readonly<Record<string, google.protobuf.Any>> } {
  const version = versionOptions(protocol)
  if (version === undefined) return {}
  return {
    typedExtensionProtocolOptions: {
      [KEY]: any(KEY, { ...version, ...(upstreamHttpProtocolOptions === undefined ? {} : { upstreamHttpProtocolOptions }) }),
    },
  }
}

function versionOptions(protocol: BackendProtocol): HttpProtocolOptions | undefined {
  switch (protocol) {
    case 'http1':
      return { explicitHttpConfig: { httpProtocolOptions: {} } }
    case 'http2':
      return { explicitHttpConfig: { http2ProtocolOptions: HTTP2 } }
    case 'auto':
      return { autoConfig: { httpProtocolOptions: {}, http2ProtocolOptions: HTTP2 } }
    case 'tcp':
    case 'udp':
      return undefined
  }
}
