/** What the translation reads: the objects of the store and a few facts from outside. */
import type { KindName, KindTypes } from '../gen/kinds.js'
import type { Graph, Input } from '../incremental/index.js'
import type { Placement } from '../ir/placement.js'
import type { KubeObject } from '../provider/provider.js'
import type { ObjectKey } from '../util/object-ref.js'
import type { Fetched } from './fetches/fetch-request.js'

/** An address that a gateway has. */
export interface AssignedAddress {
  readonly type: string
  readonly value: string
  /** `Cluster` for an address that is reachable within the cluster only; undefined is what is usual here. */
  readonly routability?: string
}

/** Addresses of a gateway as the infrastructure reports them. */
export interface GatewayAddresses {
  readonly assigned: readonly AssignedAddress[]
  /** Why the gateway cannot have what it asks for: a reason of the condition `Programmed`, and a message. */
  readonly problem?: {
    readonly reason: 'Pending' | 'AddressNotAssigned' | 'AddressNotUsable' | 'NoResources' | 'Invalid'
    readonly message: string
  }
  /** What keeps some of the proxies away, while others are there. */
  readonly shortage?: string
  /** Why no proxy is there, where something is known of that. */
  readonly absence?: { readonly reason: 'Pending' | 'NoResources'; readonly message: string }
}

/** How far the configuration of an object has come. */
export interface Delivery {
  /** The highest generation that every connected proxy of its group has acknowledged. */
  readonly acknowledgedGeneration: number
  /** How the latest generation fared. */
  readonly state: 'delivered' | 'pending' | 'rejected' | 'noProxy' | 'withheld'
  /** Envoy's own words, where it refused; why proxies get something that closes the object instead, where it is withheld. */
  readonly message?: string
}

/** An object whose configuration Envoy refused: its last good version goes on serving, or it answers 500, until it changes. */
export interface Quarantine {
  /** The refused generation. */
  readonly generation: number
  /** `suspected`: held back while the culprit among several is being found. */
  readonly state: 'rejected' | 'suspected'
  /** Envoy's own words. */
  readonly message: string
  /** The version to serve instead; undefined: the object is new, or the change concerns security, and it answers 500. */
  readonly lastGood?: KubeObject
}

/**
 * That something is missing which was never read: `routes`, so that a request without a route may belong to one of them; or `anything`, a
 * policy that protects other objects included.
 */
export type Missing = 'routes' | 'anything'

/** The key of what is missing. */
export const MISSING_KEY = 'objects'

/** What is known of the CustomResourceDefinitions of Gateway API in a cluster. */
export interface Definitions {
  /** Why they cannot be relied on: a missing or unknown bundle version. */
  readonly problem?: string
}

/** The key of what is known of the definitions: they are one bundle. */
export const DEFINITIONS_KEY = 'gateway.networking.k8s.io'

/** Inputs of the graph. Objects are keyed by `namespace/name`, facts by what their comment says. */
export interface Inputs {
  /** The objects of a kind: the store holds only what the schema of the kind lets through. */
  kind<K extends KindName>(name: K): Input<KindTypes[K]>
  /** Sets or, with undefined, removes an object that the store has accepted. False if that changes nothing, or nobody reads the kind. */
  set(kind: string, key: ObjectKey, object: KubeObject | undefined): boolean
  /** By the key of the gateway. A gateway without a placement has no ports yet. */
  readonly placements: Input<Placement>
  /** By the key of the gateway. */
  readonly addresses: Input<GatewayAddresses>
  /** By `<Kind>/<namespace>/<name>`. */
  readonly deliveries: Input<Delivery>
  /** By `<Kind>/<namespace>/<name>`. */
  readonly quarantines: Input<Quarantine>
  /** By `MISSING_KEY`. No value: everything was read. */
  readonly missing: Input<Missing>
  /** By the key of the request. */
  readonly fetched: Input<Fetched>
  /** By `DEFINITIONS_KEY`. No value: the definitions are our own. */
  readonly definitions: Input<Definitions>
}

/** Declares the inputs: one per kind, and the facts. */
export function declareInputs(graph: Graph, kinds: readonly KindName[]): Inputs {
  // Objects are frozen and the store has already said that they differ: identity is enough.
  const objects = new Map<string, Input<KubeObject>>(kinds.map((name) => [name, graph.input<KubeObject>(name, Object.is)]))
  return {
    kind: <K extends KindName>(name: K): Input<KindTypes[K]> => {
      const found = objects.get(name)
      if (found === undefined) throw new Error(`no input for kind "${name}": add it to the kinds of declareInputs`)
      // The store checks every object against the schema that the type was made from.
      return found as unknown as Input<KindTypes[K]>
    },
    set: (kind, key, object) => objects.get(kind)?.set(key, object) ?? false,
    placements: graph.input('placements'),
    addresses: graph.input('addresses'),
    deliveries: graph.input('deliveries'),
    quarantines: graph.input('quarantines'),
    missing: graph.input('missing'),
    fetched: graph.input('fetched'),
    definitions: graph.input('definitions'),
  }
}
