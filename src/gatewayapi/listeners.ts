/** Listeners as Gateways and ListenerSets declare them, and what they claim of a port. */
import type { Listener, ListenerEntry } from '../gen/kinds.js'
import type { Collection, Graph, Index } from '../incremental/index.js'
import type { Hostname } from '../ir/hostname.js'
import { type ObjectKey, type ObjectVersion, objectKey } from '../util/object-ref.js'
import type { OurGateway } from './gateways.js'
import { toHostname } from './hostnames.js'
import { findConflicts, GATEWAY_RANK, type ListenerConflict, listenerSetRank, type PortClaim } from './listener-conflicts.js'
import { type ListenerParentKind, listenerKey, parseListenerKey } from './listener-key.js'
import type { OurListenerSet } from './listener-sets.js'
import type { ListenerKey, ListenerProtocol } from './model.js'

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
  /** `<gateway>#<port>#<TCP|UDP>`: listeners with the same word share a port. */
  readonly portWord: string
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
export function declareListeners(graph: Graph, gateways: Collection<OurGateway>, sets: Collection<OurListenerSet>): ListenerDeclarations {
  const ofGateways = graph.index(gateways, 'listeners of gateways', keysOf)
  const ofSets = graph.index(sets, 'listeners of listener sets', keysOf)
  const declared = graph.collection<DeclaredListener>('declared listeners', {
    keys: [ofGateways, ofSets],
    compute: (view, key) => {
      const { kind, namespace, parent, name } = parseListenerKey(key)
      const parentKey = objectKey(namespace, parent)
      if (kind === 'Gateway') {
        const gateway = view.get(gateways, parentKey)
        return (
          gateway && declare(name, gateway, gateway, { parent: { ...gateway.object, kind: 'Gateway' }, allowed: true, rank: GATEWAY_RANK })
        )
      }
      const set = view.get(sets, parentKey)
      const gateway = set && view.get(gateways, set.gateway)
      if (set === undefined || gateway === undefined) return undefined
      const rank = listenerSetRank(set.creationTimestamp, namespace, parent)
      return declare(name, gateway, set, { parent: { ...set.object, kind: 'ListenerSet' }, allowed: set.allowed, rank })
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
  of: Pick<DeclaredListener, 'parent' | 'allowed' | 'rank'>,
): DeclaredListener | undefined {
  const listeners: readonly (Listener | ListenerEntry)[] = source.spec.listeners
  const spec = listeners.find((listener) => listener.name === name)
  if (spec === undefined) return undefined
  const protocol = PROTOCOLS.get(spec.protocol)
  return {
    ...of,
    key: listenerKey(of.parent, name),
    gateway: gateway.object,
    refused: source.refused,
    spec,
    protocol,
    // TCP and UDP know no hosts; the API refuses them there, and an empty name means all.
    hostname: protocol === 'TCP' || protocol === 'UDP' || !spec.hostname ? undefined : toHostname(spec.hostname),
    portWord: portWord(gateway.key, spec.port, transportOf(protocol)),
  }
}

function portWord(gateway: ObjectKey, port: number, transport: 'TCP' | 'UDP'): string {
  return `${gateway}#${port}#${transport}`
}

function claimOf(listener: DeclaredListener): readonly PortClaim[] {
  const { key, rank, protocol, hostname } = listener
  // A listener that cannot be served because of its protocol keeps nobody out.
  return protocol === undefined ? [] : [{ key, name: listener.spec.name, rank, protocol, hostname }]
}
