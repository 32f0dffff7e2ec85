/** The chains of a port. A connection gets the chain with the most specific server name, so every TLS listener keeps its own hosts. */
import { DEFAULT_CLIENT_SETTINGS } from '../../ir/defaults.js'
import type { Hostname } from '../../ir/hostname.js'
import type { Chain, HttpChain, StreamChain } from '../../ir/port.js'
import { compareText } from '../../util/compare-text.js'
import { deepEqual } from '../../util/deep-equal.js'
import { wildcardsOver } from '../hostnames.js'
import type { ListenerKey, StreamRoute } from '../model.js'
import { originsOf } from '../origins.js'
import type { ClientPort } from '../policies/client-ports.js'
import { byPrecedence, routesByHost } from '../stream-routes.js'
import { isEncrypted, type PlacedListener } from './listener-places.js'

/** A listener of a port and the stream routes that hang on it. */
export interface ListenerRoutes {
  readonly listener: PlacedListener
  /** Empty for HTTP and HTTPS. */
  readonly routes: readonly StreamRoute[]
}

/** The encrypted listeners of a port by their hostnames; of one without, every host that no other has. */
type Owners = ReadonlyMap<Hostname | undefined, PlacedListener>

/** The chains of a port, in the order of their names. */
export function chainsOf(listeners: readonly ListenerRoutes[], clients: ClientPort | undefined): readonly Chain[] {
  const owners = ownersOf(listeners.map(({ listener }) => listener).filter(({ state }) => isEncrypted(state.declared)))
  const chains = [...plainHttpChain(listeners), ...listeners.flatMap((each) => listenerChains(each, owners))]
  return chains.map((chain) => withClient(chain, clients)).sort((a, b) => compareText(a.name, b.name))
}

/** The chains of the HTTP/3 that goes with a port: those of its listeners that speak it. */
export function quicChainsOf(chains: readonly Chain[]): readonly Chain[] {
  return chains.filter((chain) => chain.kind === 'http' && chain.http3Port !== undefined)
}

/** Chains of one listener are treated as its policies say, the one of all plain HTTP listeners as these agree. */
function withClient<C extends Chain>(chain: C, clients: ClientPort | undefined): C {
  if (clients === undefined) return chain
  const isPlain = chain.kind === 'http' && !chain.encrypted
  const [listener] = chain.listeners
  const client = isPlain ? clients.plain : listener === undefined ? undefined : clients.own.get(listener as ListenerKey)
  return client === undefined || deepEqual(client, DEFAULT_CLIENT_SETTINGS) ? chain : { ...chain, client }
}

/** All plain HTTP listeners share a chain: they are told apart by the Host header. */
function plainHttpChain(listeners: readonly ListenerRoutes[]): readonly HttpChain[] {
  const served = listeners.filter(({ listener }) => listener.state.serves && listener.state.declared.protocol === 'HTTP')
  const routeTable = served[0]?.listener.routeTable
  if (routeTable === undefined) return []
  const keys = served.map(({ listener }) => listener.state.declared.key)
  return [{ kind: 'http', name: 'http', listeners: keys, encrypted: false, serverNames: [], routeTable }]
}

function listenerChains({ listener, routes }: ListenerRoutes, owners: Owners): readonly Chain[] {
  const { state, chain, routeTable } = listener
  if (!state.serves) return [streamChain(listener, chain, state.declared.hostname, [])]
  switch (state.declared.protocol) {
    case 'HTTPS':
      return routeTable === undefined ? [] : [httpsChain(listener, routeTable)]
    case 'TLS':
      return tlsChains(listener, routes, owners)
    case 'TCP':
    case 'UDP':
      // Several routes may be attached, only the oldest serves.
      return [streamChain(listener, chain, undefined, [...routes].sort(byPrecedence).slice(0, 1))]
    case 'HTTP':
    case undefined:
      return []
  }
}

function httpsChain({ state, chain, placement, boundPort }: PlacedListener, routeTable: string): HttpChain {
  const { key, hostname } = state.declared
  return {
    kind: 'http',
    name: chain,
    listeners: [key],
    encrypted: true,
    serverNames: hostname === undefined ? [] : [hostname],
    ...(state.tls === undefined ? {} : { tls: state.tls }),
    routeTable,
    ...(state.http3 ? { http3Port: placement.direct === true ? boundPort : state.declared.spec.port } : {}),
  }
}

/** One chain per host that a route serves, and one that closes what no route serves, so that no other listener gets it. */
function tlsChains(listener: PlacedListener, routes: readonly StreamRoute[], owners: Owners): readonly StreamChain[] {
  const { hostname } = listener.state.declared
  const served = routesByHost(routes, hostname)
  const chains = [...served]
    .filter(([host]) => host === hostname || ownerOf(host, owners) === listener)
    .map(([host, route]) => streamChain(listener, `tls/${host ?? '*'}`, host, [route]))
  return served.has(hostname) ? chains : [...chains, streamChain(listener, listener.chain, hostname, [])]
}

function ownersOf(encrypted: readonly PlacedListener[]): Owners {
  // Of listeners with one hostname the first has it.
  return new Map(encrypted.toReversed().map((listener) => [listener.state.declared.hostname, listener]))
}

/** The listener that a server name belongs to: the one with the most specific hostname that covers it. */
function ownerOf(host: Hostname | undefined, owners: Owners): PlacedListener | undefined {
  const covering = host === undefined ? [undefined] : [host, ...wildcardsOver(host), undefined]
  const found = covering.find((hostname) => owners.has(hostname))
  return owners.get(found)
}

function streamChain(
  { state }: PlacedListener,
  name: string,
  host: PlacedListener['state']['declared']['hostname'],
  routes: readonly StreamRoute[],
): StreamChain {
  const [route] = routes
  const { key, gateway, parent } = state.declared
  return {
    kind: 'stream',
    name,
    listeners: [key],
    encrypted: isEncrypted(state.declared),
    serverNames: host === undefined ? [] : [host],
    ...(state.serves && state.tls !== undefined ? { tls: state.tls } : {}),
    clusters: route?.clusters ?? [],
    invalidWeight: route?.invalidWeight ?? 0,
    ...(route?.authorization === undefined ? {} : { authorization: route.authorization }),
    ...(route?.hashesAddress === undefined ? {} : { hashesAddress: true }),
    origins: originsOf([gateway, parent, ...(route === undefined ? [] : [route.route, ...route.policies])]),
  }
}
