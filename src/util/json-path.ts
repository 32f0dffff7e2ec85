/** Finds places in a JSON document. Source: RFC 9535, of which this is a part: names, indices, wildcards, descendants, equality. */
import { formatPointer, keyOf } from './json-pointer.js'

type Place = readonly string[]

interface Step {
  readonly deep: boolean
  readonly select: Selector
}

type Selector =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly path: readonly string[]; readonly equals: string | number | boolean | undefined }

const NAME = /^[A-Za-z_@][A-Za-z0-9_@-]*/
const FILTER =
  /^\[\?\(?\s*@((?:\.[A-Za-z_@][A-Za-z0-9_@-]*)+)\s*(?:==\s*(?:'([^']*)'|"([^"]*)"|(-?[0-9]+(?:\.[0-9]+)?)|(true|false))\s*)?\)?\]/

/** The places of an expression, each once, in the order of the document. Throws on an expression that is none of ours. */
export function findPlaces(document: unknown, expression: string): readonly Place[] {
  const steps = parse(expression)
  const found = steps.reduce<readonly Node[]>(
    (nodes, { deep, select }) => {
      const from = deep ? once(nodes.flatMap(withDescendants)) : nodes
      return from.flatMap((node) => selected(node, select))
    },
    [{ place: [], value: document }],
  )
  return found.map(({ place }) => place)
}

function parse(expression: string): readonly Step[] {
  if (!expression.startsWith('$')) throw new Error(`jsonPath ${expression}: must begin with $`)
  const steps: Step[] = []
  let rest = expression.slice(1)
  while (rest !== '') {
    const deep = rest.startsWith('..')
    if (deep) rest = rest.slice(2)
    else if (rest.startsWith('.')) rest = rest.slice(1)
    const [select, length] = selector(rest, expression)
    steps.push({ deep, select })
    rest = rest.slice(length)
  }
  return steps
}

function selector(text: string, expression: string): readonly [Selector, number] {
  const name = NAME.exec(text)
  if (name !== null) return [{ kind: 'name', name: name[0] }, name[0].length]
  const all = /^(?:\*|\[\*\])/.exec(text)
  if (all !== null) return [{ kind: 'all' }, all[0].length]
  const index = /^\[(-?[0-9]+)\]/.exec(text)
  if (index !== null) return [{ kind: 'index', index: Number(index[1]) }, index[0].length]
  const quoted = /^\[(?:'([^']*)'|"([^"]*)")\]/.exec(text)
  if (quoted !== null) return [{ kind: 'name', name: quoted[1] ?? quoted[2] ?? '' }, quoted[0].length]
  const filter = FILTER.exec(text)
  if (filter !== null) {
    const [whole, path = '', single, double, number, boolean] = filter
    const equals = single ?? double ?? (number === undefined ? (boolean === undefined ? undefined : boolean === 'true') : Number(number))
    return [{ kind: 'filter', path: path.slice(1).split('.'), equals }, whole.length]
  }
  throw new Error(`jsonPath ${expression}: cannot be read from "${text}" on`)
}

interface Node {
  readonly place: Place
  readonly value: unknown
}

function children({ place, value }: Node): readonly Node[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).map(([name, inner]: [string, unknown]) => ({ place: [...place, name], value: inner }))
}

/** What is inside of several of the places that were found is inside of all of them. */
function once(nodes: readonly Node[]): readonly Node[] {
  return [...new Map(nodes.map((node) => [formatPointer(node.place), node])).values()]
}

function withDescendants(node: Node): readonly Node[] {
  return [node, ...children(node).flatMap(withDescendants)]
}

function selected(node: Node, select: Selector): readonly Node[] {
  const { value } = node
  if (typeof value !== 'object' || value === null) return []
  switch (select.kind) {
    case 'all':
      return children(node)
    case 'name': {
      const key = keyOf(value, select.name)
      return Array.isArray(value) ? [] : children(node).filter(({ place }) => place.at(-1) === key)
    }
    case 'index': {
      if (!Array.isArray(value)) return []
      const at = select.index < 0 ? value.length + select.index : select.index
      return children(node).slice(at, at + 1)
    }
    case 'filter':
      return children(node).filter((child) => {
        const inner = select.path.reduce<unknown>((found, name) => {
          if (typeof found !== 'object' || found === null) return undefined
          return (found as Readonly<Record<string, unknown>>)[keyOf(found, name)]
        }, child.value)
        return select.equals === undefined ? inner !== undefined : inner === select.equals
      })
  }
}
