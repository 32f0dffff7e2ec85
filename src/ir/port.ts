import type { ObjectVersion } from '../util/object-ref.js'
import type { ClientSettings, SocketSettings } from './client.js'
import type { WeightedCluster } from './forward.js'
import type { Hostname } from './hostname.js'
import type { AddressRange } from './route.js'
import type { Telemetry } from './telemetry.js'
import type { TlsTermination } from './tls.js'

/** A port that proxies listen on. What it says does not depend on HTTP routes or policies of routes. */
export interface Port {
  /** `<scope>/<address>/<port of the gateway>/<tcp|udp|quic>`; the scope is `<namespace>/<gateway>`, or `GatewayClass/<class>`. */
  readonly name: string
  readonly group: string
  /** The first of those that it belongs to. */
  readonly gateway: ObjectVersion
  readonly addresses: readonly [string, ...string[]]
  /** The port that proxies bind. */
  readonly boundPort: number
  /** The port that clients and listeners name. */
  readonly port: number
  /** `QUIC`: HTTP/3 beside the HTTPS chains of a TCP port, which are repeated here. */
  readonly transport: 'TCP' | 'UDP' | 'QUIC'
  /** In the order of their names. A UDP port has exactly one chain. */
  readonly chains: readonly Chain[]
  readonly socket: SocketSettings
  /** Of chains that say nothing of their own. */
  readonly client: ClientSettings
  /** Of connections that come to no chain, or not through the handshake of one. Undefined: the default access log. */
  readonly telemetry?: Telemetry
  readonly origins: readonly ObjectVersion[]
}

/** What happens to a connection, chosen by TLS or not and by SNI: the most specific server name wins. */
export type Chain = HttpChain | StreamChain

interface ChainBase {
  /** `http`, `https/<hostname>`, `tls/<hostname>`, `tcp` or `udp`: unique within the port and stable. */
  readonly name: string
  /** The listener (or several, on a shared HTTP chain) that the chain serves, for explanations. */
  readonly listeners: readonly string[]
  /** True: only TLS connections; false: only plaintext. */
  readonly encrypted: boolean
  /** Server names of the TLS handshake; empty: any, also none. */
  readonly serverNames: readonly Hostname[]
  /** Where it differs from that of the port. */
  readonly client?: ClientSettings
  /** Undefined: the default access log, and no traces. */
  readonly telemetry?: Telemetry
}

/** HTTP/1.1 and HTTP/2, routed by a route table. */
export interface HttpChain extends ChainBase {
  readonly kind: 'http'
  readonly tls?: TlsTermination
  readonly routeTable: string
  /** The port under which clients find the same by HTTP/3. */
  readonly http3Port?: number
}

/** Bytes or datagrams, forwarded as they are. */
export interface StreamChain extends ChainBase {
  readonly kind: 'stream'
  /** Present when TLS ends here; absent for passthrough and plain TCP or UDP. */
  readonly tls?: TlsTermination
  /** Empty, or nothing but invalid ones: connections are closed. */
  readonly clusters: readonly WeightedCluster[]
  /** Share of connections that are refused because their backend is invalid. */
  readonly invalidWeight: number
  /** Who may connect; undefined: everybody. */
  readonly authorization?: ConnectionAuthorization
  /** True: clusters that balance by a hash take that of the client's address. */
  readonly hashesAddress?: true
  readonly origins: readonly ObjectVersion[]
}

/** Who may connect: the first rule that matches decides. */
export interface ConnectionAuthorization {
  /** `clients`: the client is in one of them; empty: anywhere. */
  readonly rules: readonly { readonly action: 'allow' | 'deny'; readonly clients: readonly AddressRange[] }[]
  /** Whether a client may connect that no rule matches. */
  readonly otherwise: 'allow' | 'deny'
}
