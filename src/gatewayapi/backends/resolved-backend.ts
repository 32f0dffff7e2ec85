/** What is known about a backend that something refers to, whatever its kind. */
import type { SessionPersistence } from '../../gen/kinds.js'
import type { BackendTraffic, Discovery, Locality } from '../../ir/cluster.js'
import type { UpstreamTls } from '../../ir/tls.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { ClusterUsage } from './cluster-names.js'

/** A backend, or why it cannot be used. */
export type ResolvedBackend = UsableBackend | UnusableBackend

/** A backend that requests can go to. */
export interface UsableBackend {
  readonly usable: true
  /** What HTTP requests are spoken in; other traffic does not care. */
  readonly http: HttpBackend | UnsupportedProtocol
  /** Present when it is spoken to over TLS. */
  readonly tls?: UpstreamTls
  /** True where nobody asks for TLS by a policy or by settings: what is spoken there is said to be TLS. */
  readonly isTlsImplied?: true
  /** True when the certificate of the Gateway is shown to it. */
  readonly wantsGatewayCertificate: boolean
  readonly addresses: BackendAddresses
  readonly traffic: BackendTraffic
  /** Sticky sessions that the backend itself asks for. */
  readonly sessionPersistence?: SessionPersistence
  readonly origins: readonly ObjectVersion[]
}

/** What a backend is to those who use it in this way. */
export function backendFor(usage: ClusterUsage, backend: ResolvedBackend | undefined): ResolvedBackend | undefined {
  return backend?.usable === false && usage === 'passthrough' ? (backend.unverified ?? backend) : backend
}

/** How HTTP is spoken to a backend. */
export interface HttpBackend {
  readonly protocol: 'http1' | 'http2' | 'auto'
  /** True for backends of WebSockets: their connections may be silent for long. */
  readonly isWebSocket: boolean
}

/** `appProtocol` says something that is not HTTP, or that we do not know. */
export interface UnsupportedProtocol {
  readonly protocol: 'unsupported'
  readonly message: string
}

/** Where the addresses of a backend come from. */
export type BackendAddresses =
  /** From EndpointSlices of a Service or ServiceImport, by the name of its port. */
  | { readonly kind: 'slices'; readonly owner: string; readonly portName: string; readonly publishNotReady: boolean }
  /** From the object itself. */
  | { readonly kind: 'fixed'; readonly localities: readonly Locality[] }
  /** From DNS, and from requests. */
  | Extract<Discovery, { readonly kind: 'dns' | 'dynamic' }>

/** A backend that nothing can be sent to. */
export interface UnusableBackend {
  readonly usable: false
  /** A reason of the condition `ResolvedRefs` of routes; undefined when the reference itself is fine and the problem is reported elsewhere. */
  readonly reason: 'BackendNotFound' | 'InvalidKind' | 'UnsupportedProtocol' | 'RefNotPermitted' | undefined
  readonly message: string
  /** What the TLS of clients may be passed through to all the same: where it is only TLS of ours that nobody can check. */
  readonly unverified?: UsableBackend
}

/** A backend that nothing can be sent to, and why. */
export function unusable(reason: UnusableBackend['reason'], message: string): UnusableBackend {
  return { usable: false, reason, message }
}
