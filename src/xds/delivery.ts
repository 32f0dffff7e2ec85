/** What proxies say about the configuration that they were sent, as facts for the rest of the program. */
import type { RejectedVersion } from './rejected-versions.js'
import type { TypeUrl } from './resource.js'

/** Something that changed for a group of proxies. */
export type DeliveryEvent = ProgressEvent | RejectionEvent

/** Proxies came, went or acknowledged a revision. */
export interface ProgressEvent {
  readonly kind: 'progress'
  readonly group: string
  /** The newest revision that every connected proxy runs completely, except for rejected versions; 0 without any proxy. */
  readonly acknowledgedRevision: number
  readonly connectedProxies: number
}

/** A proxy rejected a version for the first time, and the resource is known. */
export interface RejectionEvent {
  readonly kind: 'rejection'
  readonly group: string
  /** The node id of the proxy. */
  readonly proxy: string
  readonly rejected: RejectedVersion
}

/** Receives events as they happen. It may change the cache at once. */
export type DeliveryListener = (event: DeliveryEvent) => void

/** How far one proxy is. */
export interface ProxyDelivery {
  /** Unique among the streams of this process. */
  readonly stream: number
  /** What the proxy calls itself; empty before its first request. */
  readonly node: string
  readonly userAgent: string
  readonly group: string
  /** Who it proved to be. */
  readonly subject: string
  /** The remote address. */
  readonly peer: string
  readonly protocol: 'delta' | 'sotw'
  /** RFC 3339. */
  readonly connectedAt: string
  readonly acknowledgedRevision: number
  readonly types: readonly TypeDelivery[]
}

/** How far one proxy is with one type. Times are RFC 3339. */
export interface TypeDelivery {
  readonly typeUrl: TypeUrl
  /** The revision of the newest response. */
  readonly sentRevision: number
  readonly sentAt: string | undefined
  /** The revision of the newest response that was accepted. */
  readonly acknowledgedRevision: number
  readonly acknowledgedAt: string | undefined
  /** Milliseconds since the oldest response without an answer was sent; undefined when all are answered. */
  readonly pendingMs: number | undefined
  readonly lastRejection: { readonly message: string; readonly at: string; readonly names: readonly string[] } | undefined
}
