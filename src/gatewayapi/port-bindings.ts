/** Which port a proxy binds for each port that listeners name. */
import type { Collection, Graph } from '../incremental/index.js'
import { boundPorts } from '../ir/placement.js'
import { objectKey } from '../util/object-ref.js'
import type { Inputs } from './inputs.js'
import { type DeclaredListener, type ListenerDeclarations, transportOf } from './listeners.js'

/** For `<gateway>#<TCP|UDP>`, the bound port of each port; undefined where there is no room. No value without a placement. */
export type PortBindings = Collection<ReadonlyMap<number, number | undefined>>

/** Declares the bound ports. All ports of a gateway are mapped at once, so that two never bind the same. */
export function declarePortBindings(graph: Graph, inputs: Inputs, { declared }: ListenerDeclarations): PortBindings {
  const byTransport = graph.index(declared, 'listeners by transport', (listener) =>
    listener.allowed && listener.protocol !== undefined ? [bindingWord(listener)] : [],
  )
  return graph.collection('port bindings', {
    keys: byTransport,
    compute: (view, word) => {
      const placement = view.get(inputs.placements, word.slice(0, word.lastIndexOf('#')))
      const ports = view.list(byTransport, word).map((listener) => listener.spec.port)
      return placement && boundPorts(placement.ports, ports)
    },
  })
}

/** The word of a listener's gateway and transport. */
export function bindingWord({ gateway, protocol }: DeclaredListener): string {
  return `${objectKey(gateway.namespace, gateway.name)}#${transportOf(protocol)}`
}
