/** Listeners as Gateways and ListenerSets declare them, and what they claim of a port. */
import type { Listener, ListenerEntry } from '../../gen/kinds.js'
import type { Collection, Graph, Index } from '../../incremental/index.js'
import type { Hostname } from '../../ir/hostname.js'
import { addressScope, type Placement, portSpace } from '../../ir/placement.js'
import { type ObjectVersion, objectKey } from '../../util/object-ref.js'
import type { OurGateway } from '../gateways/gateways.js'
import { toHostname } from '../hostnames.js'
import type { Inputs } from '../inputs.js'
import type { ListenerKey, ListenerProtocol } from '../model.js'
import { findConflicts, GATEWAY_RANK, type ListenerConflict, listenerSetRank, type PortClaim, sharedRank } from './listener-conflicts.js'
import { type ListenerParentKind, listenerKey, parseListenerKey } from './listener-key.js'
import type { OurListenerSet } from './listener-sets.js'

/** A listener before anybody has judged it. */
export interface DeclaredListener {
  readonly key: ListenerKey
  readonly gateway: ObjectVersion
  readonly parent: ObjectVersion & { readonly kind: ListenerParentKind }
  /** False for a listener of a ListenerSet that may not attach. */
  readonly allowed: boolean
  /** Envoy's own words, where it refuses the Gateway or the ListenerSet and there is no good version. */
  readonly refused: string | undefined
  readonly rank: string
  readonly spec: Listener | ListenerEntry
  /** Undefined for a protocol that we do not know. */
  readonly protocol: ListenerProtocol | undefined
  readonly hostname: Hostname | undefined
  /** RFC 3339: when the gateway was created. */
  readonly gatewayCreation: string
  /** What has its addresses: the key of the gateway, or the class where Gateways share them. */
  readonly scope: string
  /** `<scope>#<port>#<TCP|UDP>`: listeners with the same word share a port. */
  readonly portWord: string
  /** `<port space>#<TCP|UDP>`: listeners with the same word must not bind the same port of a proxy, see `portSpace`. */
  readonly bindingWord: string
}

/** Declared listeners and how they get along. */
export interface ListenerDeclarations {
  readonly declared: Collection<DeclaredListener>
  /** For a port word, the conflicted listeners of the port. */
  readonly conflicts: Collection<ReadonlyMap<ListenerKey, ListenerConflict>>
  /** For a port word, the listeners of the port. */
  readonly byPort: Index<DeclaredListener>
}

/** Declares the listeners of our Gateways and ListenerSets, by their `ListenerKey`. */
export function declareListeners(
  graph: Graph,
  { placements }: Pick<Inputs, 'placements'>,
  gateways: Collection<OurGateway>,
  sets: Collection<OurListenerSet>,
): ListenerDeclarations {
  const ofGateways = graph.index(gateways, 'listeners of gateways', keysOf)
  const ofSets = graph.index(sets, 'listeners of listener sets', keysOf)
  const declared = graph.collection<DeclaredListener>('declared listeners', {
    keys: [ofGateways, ofSets],
    compute: (view, key) => {
      const { kind, namespace, parent, name } = parseListenerKey(key)
      const parentKey = objectKey(namespace, parent)
      if (kind === 'Gateway') {
        const gateway = view.get(gateways, parentKey)
        if (gateway === undefined) return undefined
        const placement = view.get(placements, gateway.key)
        const rank = sharesAddress(placement) ? sharedRank('Gateway', gateway.creationTimestamp, namespace, parent) : GATEWAY_RANK
        return declare(name, gateway, gateway, placement, { parent: { ...gateway.object, kind: 'Gateway' }, allowed: true, rank })
      }
      const set = view.get(sets, parentKey)
      const gateway = set && view.get(gateways, set.gateway)
      if (set === undefined || gateway === undefined) return undefined
      const placement = view.get(placements, gateway.key)
      const rank = sharesAddress(placement)
        ? sharedRank('ListenerSet', set.creationTimestamp, namespace, parent)
        : listenerSetRank(set.creationTimestamp, namespace, parent)
      return declare(name, gateway, set, placement, { parent: { ...set.object, kind: 'ListenerSet' }, allowed: set.allowed, rank })
    },
  })
  const byPort = graph.index(declared, 'listeners by port', (listener) => (listener.allowed ? [listener.portWord] : []))
  const conflicts = graph.collection('listener conflicts', {
    keys: byPort,
    compute: (view, word) => findConflicts(view.list(byPort, word).flatMap(claimOf)),
  })
  return { declared, byPort, conflicts }
}

/** The transport of a protocol; protocols that we do not know count as TCP. */
export function transportOf(protocol: ListenerProtocol | undefined): 'TCP' | 'UDP' {
  return protocol === 'UDP' ? 'UDP' : 'TCP'
}

const PROTOCOLS: ReadonlyMap<string, ListenerProtocol> = new Map(
  (['HTTP', 'HTTPS', 'TLS', 'TCP', 'UDP'] as const).map((protocol) => [protocol, protocol]),
)

function keysOf(parent: OurGateway | OurListenerSet): readonly string[] {
  return parent.spec.listeners.map((listener) => listenerKey(parent.object, listener.name))
}

function declare(
  name: string,
  gateway: OurGateway,
  source: OurGateway | OurListenerSet,
  placement: Placement | undefined,
  of: Pick<DeclaredListener, 'parent' | 'allowed' | 'rank'>,
): DeclaredListener | undefined {
  const listeners: readonly (Listener | ListenerEntry)[] = source.spec.listeners
  const spec = listeners.find((listener) => listener.name === name)
  if (spec === undefined) return undefined
  const protocol = PROTOCOLS.get(spec.protocol)
  const scope = addressScope(gateway.key, placement)
  const transport = transportOf(protocol)
  return {
    ...of,
    key: listenerKey(of.parent, name),
    gateway: gateway.object,
    gatewayCreation: gateway.creationTimestamp,
    refused: source.refused,
    spec,
    protocol,
    // TCP and UDP know no hosts; the API refuses them there, and an empty name means all.
    hostname: protocol === 'TCP' || protocol === 'UDP' || !spec.hostname ? undefined : toHostname(spec.hostname),
    scope,
    portWord: `${scope}#${spec.port}#${transport}`,
    bindingWord: `${portSpace(gateway.key, placement)}#${transport}`,
  }
}

function sharesAddress(placement: Placement | undefined): boolean {
  return placement?.shared?.addresses === 'shared'
}

function claimOf(listener: DeclaredListener): readonly PortClaim[] {
  const { key, rank, protocol, hostname } = listener
  // A listener that cannot be served because of its protocol keeps nobody out.
  return protocol === undefined ? [] : [{ key, name: listener.spec.name, rank, protocol, hostname }]
}
