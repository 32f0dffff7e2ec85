/**
 * What of HTTP/1 clusters must do because listeners do it: case of names and trailers are lost on the way unless both sides keep them. A
 * cluster keeps them as soon as a Gateway that sends there does.
 */
import type { Collection, Graph, Index, Source, View } from '../../incremental/index.js'
import type { Http1PassThrough } from '../../ir/cluster.js'
import { objectKey } from '../../util/object-ref.js'
import type { DeclaredListener } from '../listeners/listeners.js'
import { parseRouteRulesKey } from '../routes/route-rules.js'
import type { ClientPolicies } from './client-policies.js'

/** What Gateways pass through. */
export interface PassThroughs {
  /** By the key of the Gateway; none for those that pass nothing. */
  readonly ofGateways: Collection<Http1PassThrough>
  /** All of them, under one word. */
  readonly all: Index<Http1PassThrough>
}

const ALL = 'all'

/** Declares what Gateways pass through. */
export function declarePassThroughs(graph: Graph, declared: Source<DeclaredListener>, { ofListeners }: ClientPolicies): PassThroughs {
  const ofListener = graph.collection<Http1PassThrough & { readonly gateway: string }>('HTTP/1 of listeners', {
    keys: ofListeners,
    compute: (view, key) => {
      const http1 = view.get(ofListeners, key)?.effective?.settings.http1
      const listener = view.get(declared, key)
      if (listener === undefined || (http1?.enableTrailers !== true && http1?.preserveHeaderCase !== true)) return undefined
      return {
        gateway: objectKey(listener.gateway.namespace, listener.gateway.name),
        ...(http1.enableTrailers === true ? { trailers: true } : {}),
        ...(http1.preserveHeaderCase === true ? { preserveHeaderCase: true } : {}),
      }
    },
  })
  const byGateway = graph.index(ofListener, 'HTTP/1 by gateway', ({ gateway }) => [gateway])
  const ofGateways = graph.collection<Http1PassThrough>('HTTP/1 of gateways', {
    keys: byGateway,
    compute: (view, gateway) => together(view.list(byGateway, gateway)),
  })
  return { ofGateways, all: graph.index(ofGateways, 'gateways that keep HTTP/1', () => [ALL]) }
}

/**
 * What a cluster passes through; undefined where it is nothing.
 *
 * @param rulesByCluster for the name of a cluster, the rules that send there
 */
export function passThroughOf<V>(
  view: View,
  { ofGateways, all }: PassThroughs,
  rulesByCluster: Index<V>,
  cluster: string,
): Http1PassThrough | undefined {
  // Mostly there is none: then nobody has to know who sends where.
  if (view.count(all, ALL) === 0) return undefined
  const gateways = new Set(view.keys(rulesByCluster, cluster).map((key) => parseRouteRulesKey(key).gateway))
  const found = [...gateways].flatMap((gateway) => view.get(ofGateways, gateway) ?? [])
  return found.length === 0 ? undefined : together(found)
}

function together(all: readonly Http1PassThrough[]): Http1PassThrough {
  return {
    ...(all.some(({ trailers }) => trailers) ? { trailers: true } : {}),
    ...(all.some(({ preserveHeaderCase }) => preserveHeaderCase) ? { preserveHeaderCase: true } : {}),
  }
}
