/**
 * Listeners as a part of the graph. Each chain of a port is encoded for itself: where thousands of ListenerSets share a port, one more costs
 * its own chain and a concatenation.
 */
import type { Collection, Graph, Source, View } from '../../incremental/index.js'
import type { Chain, Port } from '../../ir/port.js'
import type { EncodedResource } from '../resource.js'
import { sameResource } from './encoded.js'
import type { PackingOf } from './listeners/chain-names.js'
import { type ChainContext, chainContext, type EncodedChain, encodeFilterChains } from './listeners/filter-chain.js'
import { encodeListener, filteredChains } from './listeners/listener.js'
import type { TranslateOptions } from './options.js'
import { type TablePacking, tablePacking } from './packing.js'

/** A chain and all that its bytes depend on but packings. */
interface PlacedChain {
  readonly chain: Chain
  readonly context: ChainContext
}

/** Names of ports have no bar. */
const BETWEEN = '|'

/** Declares the listeners, by the names of their ports. */
export function declareListeners(
  graph: Graph,
  ports: Source<Port>,
  packings: Source<TablePacking>,
  options: TranslateOptions,
): Collection<EncodedResource> {
  const packingOf =
    (view: View): PackingOf =>
    (table) =>
      view.get(packings, table) ?? tablePacking(options.packing, () => 0)
  const words = graph.index(ports, 'words of chains', (port) => filteredChains(port).map(({ name }) => chainWord(port, name)))
  const byName = chainLookup()
  const placed = graph.collection<PlacedChain>('placed chains', {
    keys: words,
    compute: (view, word) => {
      const port = view.get(ports, word.slice(0, word.indexOf(BETWEEN)))
      return port && byName(port).get(word)
    },
  })
  const encoded = graph.collection<EncodedChain>('filter chains', {
    keys: placed,
    compute: (view, word) => {
      const each = view.get(placed, word)
      return each && encodeFilterChains(each.chain, each.context, options, packingOf(view))
    },
    equal: (a, b) => a.version === b.version,
  })
  return graph.collection<EncodedResource>('encoded listeners', {
    keys: ports,
    compute: (view, name) => {
      const port = view.get(ports, name)
      if (port === undefined) return undefined
      const ofView = packingOf(view)
      const encodedOf = (chain: Chain): EncodedChain =>
        view.get(encoded, chainWord(port, chain.name)) ?? encodeFilterChains(chain, chainContext(port), options, ofView)
      return encodeListener(port, options, ofView, encodedOf)
    },
    equal: sameResource,
  })
}

/** The chains of a port by their words: each chain of it is looked for. */
function chainLookup(): (port: Port) => ReadonlyMap<string, PlacedChain> {
  const known = new WeakMap<Port, ReadonlyMap<string, PlacedChain>>()
  return (port) => {
    const found = known.get(port)
    if (found !== undefined) return found
    const context = chainContext(port)
    const made = new Map(filteredChains(port).map((chain) => [chainWord(port, chain.name), { chain, context }]))
    known.set(port, made)
    return made
  }
}

function chainWord(port: Port, chain: string): string {
  return `${port.name}${BETWEEN}${chain}`
}
