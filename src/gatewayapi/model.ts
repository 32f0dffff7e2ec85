/**
 * What the two halves of the translation tell each other: gateways and their listeners on one side, routes on the other.
 */

import type { WeightedCluster } from '../ir/forward.js'
import type { Hostname } from '../ir/hostname.js'
import type { ConnectionAuthorization } from '../ir/port.js'
import type { ObjectKey, ObjectVersion } from '../util/object-ref.js'

/** Protocols of listeners that we serve. */
export type ListenerProtocol = 'HTTP' | 'HTTPS' | 'TLS' | 'TCP' | 'UDP'

/** Kinds of routes. */
export type RouteKind = 'HTTPRoute' | 'GRPCRoute' | 'TLSRoute' | 'TCPRoute' | 'UDPRoute'

/** `<parent kind>/<namespace>/<name>/<listener name>`: listeners of Gateways and of ListenerSets alike. */
export type ListenerKey = string & { readonly brand: 'ListenerKey' }

/** A listener as routes see it: where it is, what it lets in, and whether it serves. */
export interface EffectiveListener {
  readonly key: ListenerKey
  /** The gateway that serves it, also for a ListenerSet's. */
  readonly gateway: ObjectVersion
  /** What has its addresses: the key of the gateway, or the class where Gateways share them. */
  readonly scope: string
  /** The object that declares it. */
  readonly parent: ObjectVersion & { readonly kind: 'Gateway' | 'ListenerSet' }
  readonly name: string
  readonly port: number
  /** Undefined for a protocol that we do not know: no route attaches. */
  readonly protocol: ListenerProtocol | undefined
  /** Undefined accepts every host. */
  readonly hostname: Hostname | undefined
  /** Whether TLS ends here; only for HTTPS and TLS. */
  readonly tlsMode: 'Terminate' | 'Passthrough' | undefined
  /** DNS names of its certificates. */
  readonly certificateNames: readonly string[]
  /** Kinds of routes that may attach: what the protocol allows and `allowedRoutes.kinds` leaves. */
  readonly allowedKinds: readonly RouteKind[]
  readonly allowedNamespaces: AllowedNamespaces
  /** False when the listener serves nothing (conflict, unusable certificate, unknown protocol). Routes attach and are counted all the same. */
  readonly serves: boolean
  /** True when the listener serves nothing and its hosts are closed all the same: they must not fall to a less specific listener of the port. */
  readonly guardsHost: boolean
  /** The route table that answers for the listener; undefined when it has none: it serves nothing, has no placement yet, or is not HTTP. */
  readonly routeTable: string | undefined
}

/** Which namespaces routes may come from. `Same` is the namespace of the declaring object. */
export type AllowedNamespaces = { readonly from: 'All' | 'Same' | 'None' } | { readonly from: 'Selector'; readonly selector: LabelSelector }

/** metav1.LabelSelector. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

/** A route and what it hangs on. One per route object, keyed `<Kind>/<namespace>/<name>`. */
export interface Attachment {
  readonly route: ObjectVersion & { readonly kind: RouteKind }
  /** RFC 3339: the older route wins ties. */
  readonly creationTimestamp: string
  /** One per parentRef that names one of our gateways or listener sets, in the order of the route. */
  readonly parents: readonly ParentAttachment[]
  /** Keys of the backends that the route names anywhere, in ascending order: those that must be looked at. */
  readonly backends: readonly string[]
}

/** One parentRef and what came of it. */
export interface ParentAttachment {
  /** Position in `spec.parentRefs`; `useDefaultGateways` adds parents behind the last. */
  readonly index: number
  readonly parentRef: ParentRef
  readonly gateway: ObjectKey
  readonly accepted: { readonly status: boolean; readonly reason: string; readonly message: string }
  /** Empty unless accepted. */
  readonly listeners: readonly AttachedListener[]
  /** Why nobody is served although the route is accepted; undefined if one of the listeners serves. */
  readonly unserved?: string
}

/** A parentRef as the object has it, after defaults. */
export interface ParentRef {
  readonly group: string
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly sectionName?: string
  readonly port?: number
}

/** A listener that a route is attached to, and the hosts that it serves there. */
export interface AttachedListener {
  readonly listener: ListenerKey
  /** The listener's, see there. */
  readonly routeTable: string | undefined
  /** `all`: every host; also for TCP and UDP, where there are none. */
  readonly hosts: 'all' | readonly ServedHost[]
}

/** One host that a route serves on a listener, and the name of the route's own that it came from: ties are decided by the original. */
export interface ServedHost {
  readonly host: Hostname
  /** Undefined when the route names no host and takes the listener's. */
  readonly original: Hostname | undefined
}

/** What one TLSRoute, TCPRoute or UDPRoute serves on one listener, keyed `<listener key>#<Kind>/<namespace>/<name>`. */
export interface StreamRoute {
  readonly route: ObjectVersion & { readonly kind: RouteKind }
  /** RFC 3339: the older route wins ties. */
  readonly creationTimestamp: string
  readonly listener: ListenerKey
  /** SNI hosts of a TLSRoute; `all` also for TCP and UDP, where there are none. */
  readonly hosts: 'all' | readonly ServedHost[]
  /** Without those of weight 0. */
  readonly clusters: readonly WeightedCluster[]
  /** Weight of backends that cannot be used; their share of connections is refused. */
  readonly invalidWeight: number
  /** Who may connect; undefined: everybody. */
  readonly authorization?: ConnectionAuthorization
  /** See `StreamChain`. */
  readonly hashesAddress?: true
  /** Policies that had a say in it; those of clusters are origins of clusters. */
  readonly policies: readonly ObjectVersion[]
}

/** A condition as the status of an object has it; times are added when it is written. */
export interface Condition {
  readonly type: string
  readonly status: 'True' | 'False' | 'Unknown'
  readonly reason: string
  readonly message: string
  readonly observedGeneration: number
}
