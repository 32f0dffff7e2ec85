import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Graph } from './index.js'

interface Route {
  readonly hosts: readonly string[]
  readonly to: string
}

/** Routes and services as inputs, one virtual host per host, one summary of all of them. */
function gateway() {
  const graph = new Graph()
  const routes = graph.input<Route>('routes')
  const services = graph.input<number>('services')
  const byHost = graph.index(routes, 'routes by host', (route) => route.hosts)
  const hosts = graph.collection<string>('hosts', {
    keys: byHost,
    compute: (view, host) =>
      view
        .list(byHost, host)
        .map((route) => `${route.to}=${view.get(services, route.to) ?? 'none'}`)
        .join(),
  })
  const all = graph.index(hosts, 'all hosts', () => ['all'])
  const table = graph.collection<string>('table', {
    keys: all,
    compute: (view, word) =>
      view
        .keys(all, word)
        .map((host) => `${host}:${view.get(hosts, host)}`)
        .join(' '),
  })
  return { graph, routes, services, hosts, table }
}

describe('Graph', () => {
  it('runs one fragment per word and what stands behind it', () => {
    const { graph, routes, services, table } = gateway()
    services.set('s', 1)
    routes.set('a', { hosts: ['x', 'y'], to: 's' })
    routes.set('b', { hosts: ['y'], to: 't' })
    expect(graph.flush().computed).toEqual(
      new Map([
        ['hosts', 2],
        ['table', 1],
      ]),
    )
    expect(table.get('all')).toBe('x:s=1 y:s=1,t=none')
  })

  it('runs only what read the changed key', () => {
    const { graph, routes, services, table } = gateway()
    for (let i = 0; i < 100; i++) routes.set(`r${i}`, { hosts: [`h${i}`], to: `s${i}` })
    graph.flush()
    services.set('s7', 7)
    expect(graph.flush().computed).toEqual(
      new Map([
        ['hosts', 1],
        ['table', 1],
      ]),
    )
    expect(table.get('all')).toMatch('h7:s7=7')
    services.set('nobody', 1)
    expect(graph.flush().computed.size).toBe(0)
  })

  it('stops where a value stays equal', () => {
    const { graph, routes } = gateway()
    routes.set('a', { hosts: ['x'], to: 's' })
    graph.flush()
    routes.set('b', { hosts: [], to: 's' })
    expect(routes.set('a', { hosts: ['x'], to: 's' })).toBe(false)
    expect(graph.flush().computed.size).toBe(0)
  })

  it('forgets a fragment with the last key that yields its word', () => {
    const { graph, routes, hosts, table } = gateway()
    routes.set('a', { hosts: ['x'], to: 's' })
    graph.flush()
    hosts.takeChanges()
    routes.set('a', undefined)
    graph.flush()
    expect(hosts.takeChanges()).toEqual(new Map([['x', undefined]]))
    expect([hosts.size, table.size]).toEqual([0, 0])
  })

  it('keeps the last value of a fragment that throws, and names it', () => {
    const graph = new Graph()
    const numbers = graph.input<number>('numbers')
    const halves = graph.collection<number>('halves', {
      keys: numbers,
      compute: (view, key) => {
        const n = view.get(numbers, key) ?? 0
        if (n % 2 === 1) throw new Error('odd')
        return n / 2
      },
    })
    numbers.set('a', 4)
    numbers.set('b', 8)
    graph.flush()
    numbers.set('a', 5)
    numbers.set('b', 6)
    const { failures } = graph.flush()
    expect(failures).toMatchObject([{ collection: 'halves', key: 'a', error: { message: 'odd' } }])
    expect([halves.get('a'), halves.get('b')]).toEqual([2, 3])
    numbers.set('a', 2)
    graph.flush()
    expect(halves.get('a')).toBe(1)
  })

  it('knows which keys are read, also those that do not exist', () => {
    const { graph, routes, services } = gateway()
    routes.set('a', { hosts: ['x'], to: 'missing' })
    graph.flush()
    expect([...services.readKeys]).toEqual(['missing'])
    const version = services.readVersion
    graph.flush()
    expect(services.readVersion).toBe(version)
    routes.set('a', undefined)
    graph.flush()
    expect([...services.readKeys]).toEqual([])
    expect(services.readVersion).not.toBe(version)
  })

  it('notices keys and values of a word that one fragment reads both of, whoever else stops reading them', () => {
    const graph = new Graph()
    const numbers = graph.input<{ readonly word: string; readonly n: number }>('numbers')
    const readers = graph.input<'keys' | 'values' | 'both'>('readers')
    const byWord = graph.index(numbers, 'by word', ({ word }) => [word])
    const read = graph.collection<string>('read', {
      keys: readers,
      compute: (view, key) => {
        const how = view.get(readers, key)
        const keys = how === 'values' ? '' : view.keys(byWord, 'w').join('')
        const values = how === 'keys' ? '' : view.list(byWord, 'w').map(({ n }) => n)
        return `${keys} ${values}`
      },
    })
    readers.set('k', 'keys')
    readers.set('v', 'values')
    graph.flush()
    readers.set('x', 'both')
    readers.set('k', undefined)
    readers.set('v', undefined)
    graph.flush()
    expect(read.get('x')).toBe(' ')
    numbers.set('a', { word: 'w', n: 1 })
    graph.flush()
    expect(read.get('x')).toBe('a 1')
    numbers.set('a', { word: 'w', n: 2 })
    graph.flush()
    expect(read.get('x')).toBe('a 2')
    readers.set('x', 'keys')
    graph.flush()
    numbers.set('a', { word: 'w', n: 3 })
    expect(graph.flush().computed.size).toBe(0)
    numbers.set('a', undefined)
    graph.flush()
    expect(read.get('x')).toBe(' ')
    expect([...byWord.words()]).toEqual([])
  })

  it.each([3, 40])('tells all of %i readers of a key, and none that reads it no more', (count) => {
    const graph = new Graph()
    const [shared, readers] = [graph.input<number>('shared'), graph.input<boolean>('readers')]
    const sums = graph.collection<number>('sums', {
      keys: readers,
      compute: (view, key) => (view.get(readers, key) === true ? (view.get(shared, 'one') ?? 0) : -1),
    })
    for (let i = 0; i < count; i++) readers.set(`r${i}`, true)
    shared.set('one', 1)
    graph.flush()
    shared.set('one', 2)
    expect(graph.flush().computed).toEqual(new Map([['sums', count]]))
    expect([...sums.entries()].every(([, value]) => value === 2)).toBe(true)
    for (let i = 0; i < count; i++) {
      readers.set(`r${i}`, i % 3 === 0 ? undefined : i % 3 === 1)
    }
    graph.flush()
    shared.set('one', 3)
    expect(graph.flush().computed).toEqual(new Map([['sums', Math.ceil((count - 1) / 3)]]))
    for (let i = 0; i < count; i++) readers.set(`r${i}`, undefined)
    graph.flush()
    expect([...shared.readKeys]).toEqual([])
    shared.set('one', undefined)
    expect([shared.size, sums.size]).toEqual([0, 0])
  })

  it('refuses to read what is declared later', () => {
    const graph = new Graph()
    const input = graph.input<number>('input')
    let later: ReturnType<typeof graph.input<number>> | undefined
    graph.collection<number>('early', { keys: input, compute: (view, key) => (later === undefined ? 0 : view.get(later, key)) })
    later = graph.input<number>('later')
    input.set('a', 1)
    expect(graph.flush().failures).toMatchObject([
      { error: { message: '"early" reads "later", which is declared after it: declare it before' } },
    ])
  })

  it('stops behind a collection if that is asked for', () => {
    const { graph, routes, hosts, table } = gateway()
    routes.set('a', { hosts: ['x'], to: 's' })
    expect(graph.flush(undefined, hosts).computed).toEqual(new Map([['hosts', 1]]))
    expect(table.get('all')).toBeUndefined()
    expect(graph.flush().computed).toEqual(new Map([['table', 1]]))
  })

  it('pauses and goes on', () => {
    const { graph, routes, table } = gateway()
    for (let i = 0; i < 10; i++) routes.set(`r${i}`, { hosts: [`h${i}`], to: 's' })
    let left = 3
    expect(graph.flush(() => --left === 0).complete).toBe(false)
    expect(table.get('all')).toBeUndefined()
    expect(graph.flush().complete).toBe(true)
    expect(table.get('all')).toMatch('h9:s=none')
  })

  it('says the same after any sequence of edits as from scratch', () => {
    const route = fc.record({ hosts: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')), to: fc.constantFrom('s', 't') })
    const edit = fc.oneof(
      fc.tuple(fc.constant('route' as const), fc.constantFrom('a', 'b', 'c', 'd'), fc.option(route, { nil: undefined })),
      fc.tuple(fc.constant('service' as const), fc.constantFrom('s', 't'), fc.option(fc.nat(3), { nil: undefined })),
      fc.tuple(fc.constant('flush' as const)),
    )
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 40 }), (edits) => {
        const live = gateway()
        for (const [what, key, value] of edits) {
          if (what === 'route') live.routes.set(key, value)
          else if (what === 'service') live.services.set(key, value)
          else live.graph.flush()
        }
        live.graph.flush()
        const fresh = gateway()
        for (const [key, value] of live.services.entries()) fresh.services.set(key, value)
        for (const [key, value] of live.routes.entries()) fresh.routes.set(key, value)
        fresh.graph.flush()
        expect(live.table.get('all')).toEqual(fresh.table.get('all'))
        expect(new Map(live.hosts.entries())).toEqual(new Map(fresh.hosts.entries()))
      }),
    )
  })
})
