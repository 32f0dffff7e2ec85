/** The five kinds of routes, as far as they are alike. */
import type { GRPCRoute, HTTPRoute, TCPRoute, TLSRoute, UDPRoute } from '../../gen/kinds.js'
import type { Graph, Keys, View } from '../../incremental/index.js'
import type { Hostname } from '../../ir/hostname.js'
import { toHostname } from '../hostnames.js'
import type { Inputs } from '../inputs.js'
import type { RouteKind } from '../model.js'
import { type ServedVersion, servedVersion } from '../served-version.js'

/** A route of any kind. */
export type AnyRoute = HTTPRoute | GRPCRoute | TLSRoute | TCPRoute | UDPRoute

/** Every kind of route. */
export const ROUTE_KINDS: readonly RouteKind[] = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute']

/** The kinds of routes that forward requests; the others forward connections or datagrams. */
export const REQUEST_KINDS: readonly RequestKind[] = ['HTTPRoute', 'GRPCRoute']

type RequestKind = Extract<RouteKind, 'HTTPRoute' | 'GRPCRoute'>

/** True for one of them. */
export function isRequestKind(kind: string): kind is RequestKind {
  return REQUEST_KINDS.some((each) => each === kind)
}

/** The hostnames of a route; empty for "every host" and for the kinds that know none. */
export function routeHostnames(route: AnyRoute): readonly Hostname[] {
  switch (route.kind) {
    case 'HTTPRoute':
    case 'GRPCRoute':
    case 'TLSRoute':
      return (route.spec.hostnames ?? []).map(toHostname)
    case 'TCPRoute':
    case 'UDPRoute':
      return []
  }
}

/** Routes of all kinds by `<Kind>/<namespace>/<name>`. */
export interface Routes {
  /** One word per route: the key under which the rest of the graph knows it. */
  readonly keys: readonly Keys[]
  /** The route of a key, as it is now. */
  get(view: View, key: string): AnyRoute | undefined
  /** The version of it that is served. */
  served(view: View, key: string): ServedVersion<AnyRoute> | undefined
}

/** Declares the keys of all routes. */
export function declareRoutesOfAllKinds(graph: Graph, inputs: Inputs): Routes {
  const keysOf = <K extends RouteKind>(kind: K): Keys => graph.index(inputs.kind(kind), `keys of ${kind}s`, (_, key) => [`${kind}/${key}`])
  const get = (view: View, key: string): AnyRoute | undefined => {
    const slash = key.indexOf('/')
    const kind = ROUTE_KINDS.find((each) => each === key.slice(0, slash))
    return kind === undefined ? undefined : view.get<AnyRoute>(inputs.kind(kind), key.slice(slash + 1))
  }
  return {
    keys: [keysOf('HTTPRoute'), keysOf('GRPCRoute'), keysOf('TLSRoute'), keysOf('TCPRoute'), keysOf('UDPRoute')],
    get,
    served: (view, key) => {
      const route = get(view, key)
      return route && servedVersion(route, view.get(inputs.quarantines, key))
    },
  }
}
