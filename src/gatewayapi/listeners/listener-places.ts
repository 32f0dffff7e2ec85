/** Where listeners end up: a port of the proxies, a chain of the port, and for HTTP a route table. */
import type { Collection, Graph, Index } from '../../incremental/index.js'
import { type Placement, usualPort } from '../../ir/placement.js'
import { objectKey } from '../../util/object-ref.js'
import type { Inputs } from '../inputs.js'
import type { EffectiveListener } from '../model.js'
import type { ListenerState } from './listener-states.js'
import { type DeclaredListener, transportOf } from './listeners.js'

/** A listener that has a place. */
export interface PlacedListener {
  readonly state: ListenerState
  readonly placement: Placement
  /** The name of its port. */
  readonly port: string
  readonly boundPort: number
  /** The name of its chain; TLS listeners have a chain per host besides. */
  readonly chain: string
  /** Undefined unless it serves HTTP. */
  readonly routeTable: string | undefined
}

/** Places of listeners. */
export interface ListenerPlaces {
  /** By `ListenerKey`: those that serve, and those whose hosts nobody else must serve in their place. */
  readonly placed: Collection<PlacedListener>
  /** For the name of a port, its listeners. */
  readonly byPort: Index<PlacedListener>
  /** What routes see, by `ListenerKey`. */
  readonly listeners: Collection<EffectiveListener>
  /** For the name of a route table, the listeners that it answers for. */
  readonly byRouteTable: Index<EffectiveListener>
}

/** Declares the places of listeners. */
export function declareListenerPlaces(graph: Graph, inputs: Inputs, states: Collection<ListenerState>): ListenerPlaces {
  const placed = graph.collection<PlacedListener>('placed listeners', {
    keys: states,
    compute: (view, key) => {
      const state = view.get(states, key)
      if (state === undefined || !(state.serves || guardsItsHost(state))) return undefined
      const { gateway } = state.declared
      const placement = view.get(inputs.placements, objectKey(gateway.namespace, gateway.name))
      return placement === undefined || state.boundPort === undefined ? undefined : place(state, placement, state.boundPort)
    },
  })
  const byPort = graph.index(placed, 'placed listeners by port', (listener) => [listener.port])
  const listeners = graph.collection<EffectiveListener>('listeners', {
    keys: states,
    compute: (view, key) => {
      const state = view.get(states, key)
      return state && effective(state, view.get(placed, key)?.routeTable)
    },
  })
  const byRouteTable = graph.index(listeners, 'listeners by route table', ({ routeTable }) =>
    routeTable === undefined ? [] : [routeTable],
  )
  return { placed, byPort, listeners, byRouteTable }
}

/** Whether the listener is chosen by the name in a TLS handshake. */
export function isEncrypted(listener: DeclaredListener): boolean {
  return listener.protocol === 'HTTPS' || listener.protocol === 'TLS'
}

/** A TLS listener that cannot serve and owns its host gets a chain that closes connections. */
function guardsItsHost(state: ListenerState): boolean {
  return isEncrypted(state.declared) && ownsItsHost(state)
}

/**
 * A listener with a hostname that cannot serve still owns the host: it must not fall to a less specific listener of the port, whose routes may
 * let in whom this one would not. One that lost a conflict owns nothing.
 */
function ownsItsHost({ declared, conflict }: ListenerState): boolean {
  return declared.allowed && declared.refused === undefined && conflict === undefined && declared.hostname !== undefined
}

function place(state: ListenerState, placement: Placement, boundPort: number): PlacedListener {
  const { scope, spec, protocol, hostname } = state.declared
  const transport = transportOf(protocol).toLowerCase()
  // A port that had to move has another name: Envoy gives up the old address with the old name before it takes the new ones. Under one name
  // it would still have the address that another listener of the same message needs.
  const moved = boundPort === usualPort(placement, { scope, port: spec.port }) ? '' : `@${boundPort}`
  const port = `${scope}/${placement.addresses[0]}/${spec.port}/${transport}${moved}`
  const kind = (protocol ?? 'TCP').toLowerCase()
  const chain = isEncrypted(state.declared) ? `${kind}/${hostname ?? '*'}` : kind
  const table = protocol === 'HTTP' ? port : protocol === 'HTTPS' ? `${port}/${chain}` : undefined
  return { state, placement, port, boundPort, chain, routeTable: state.serves ? table : undefined }
}

function effective(state: ListenerState, routeTable: string | undefined): EffectiveListener {
  const { declared, supportedKinds, serves, certificateNames } = state
  const { key, gateway, scope, parent, protocol, hostname, spec } = declared
  return {
    key,
    gateway,
    scope,
    parent,
    name: spec.name,
    port: spec.port,
    protocol,
    hostname,
    tlsMode: isEncrypted(declared) ? (spec.tls?.mode ?? 'Terminate') : undefined,
    certificateNames,
    allowedKinds: supportedKinds,
    allowedNamespaces: allowedNamespaces(spec.allowedRoutes.namespaces),
    serves,
    guardsHost: !serves && ownsItsHost(state),
    routeTable,
  }
}

function allowedNamespaces({
  from,
  selector,
}: DeclaredListener['spec']['allowedRoutes']['namespaces']): EffectiveListener['allowedNamespaces'] {
  if (from !== 'Selector') return { from }
  // Without a selector nothing is selected: to let everybody in, a listener says `All`.
  return selector === undefined ? { from: 'None' } : { from, selector }
}
