/** Which port a proxy binds for each port that listeners name. */
import type { Collection, Graph, View } from '../../incremental/index.js'
import { boundPorts, type ScopedPort, scopedPortWord, spreadPorts } from '../../ir/placement.js'
import { compareText } from '../../util/compare-text.js'
import { objectKey } from '../../util/object-ref.js'
import type { Inputs } from '../inputs.js'
import type { DeclaredListener, ListenerDeclarations } from './listeners.js'

/** For a binding word, the bound port of each port by `scopedPortWord`; undefined where there is no room. No value without a placement. */
export type PortBindings = Collection<ReadonlyMap<string, number | undefined>>

/** Declares the bound ports. All ports of a space are mapped at once, so that two never bind the same. */
export function declarePortBindings(graph: Graph, inputs: Inputs, { declared }: ListenerDeclarations): PortBindings {
  const byTransport = graph.index(declared, 'listeners by transport', (listener) =>
    listener.allowed && listener.protocol !== undefined ? [listener.bindingWord] : [],
  )
  return graph.collection('port bindings', {
    keys: byTransport,
    compute: (view, word) => bind(view, inputs, view.list(byTransport, word)),
  })
}

function bind(
  view: View,
  { placements }: Pick<Inputs, 'placements'>,
  listeners: readonly DeclaredListener[],
): ReadonlyMap<string, number | undefined> | undefined {
  const [first] = listeners
  // All of a space are placed alike.
  const placement = first && view.get(placements, objectKey(first.gateway.namespace, first.gateway.name))
  if (placement === undefined) return undefined
  if (placement.shared?.addresses === 'own') return spreadPorts(listeners.toSorted(byGateway).map(toPort))
  const ports = listeners.map(toPort)
  const bound = boundPorts(
    placement.ports,
    ports.map(({ port }) => port),
  )
  return new Map(ports.map((each) => [scopedPortWord(each), bound.get(each.port)]))
}

function toPort({ scope, spec }: DeclaredListener): ScopedPort {
  return { scope, port: spec.port }
}

/** The older Gateway first, then its ports in ascending order. */
function byGateway(a: DeclaredListener, b: DeclaredListener): number {
  return compareText(a.gatewayCreation, b.gatewayCreation) || compareText(a.scope, b.scope) || a.spec.port - b.spec.port
}
