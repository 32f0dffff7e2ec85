import { describe, expect, it } from '@jest/globals'
import { FakeClock } from '../../test/support/fake-clock.js'
import type { Fetched, FetchRequest, ModuleRequest } from '../gatewayapi/fetches/fetch-request.js'
import type { FetchCache } from './fetch-cache.js'
import { FetchError } from './fetch-error.js'
import { type Attempt, Fetcher } from './fetcher.js'
import type { FetchContext, Outcome } from './outcome.js'

const RULES = { allowsLoopback: false, hosts: undefined, plainHosts: [] }
const request = (key: string, isFollowed = false): ModuleRequest => ({
  kind: 'module',
  key,
  url: `https://example.com/${key}?token=secret`,
  sha256: undefined,
  authorities: undefined,
  isFollowed,
})
const content = (base64: string): Outcome['content'] => ({ kind: 'module', base64 })
const fetched = (base64: string) => ({ state: 'fetched', content: content(base64), version: expect.any(String) })
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** A fetcher whose servers answer as a test says, one after the other. */
function world(cache?: FetchCache) {
  const clock = new FakeClock()
  const answers: (() => Promise<Outcome | undefined>)[] = []
  const asked: { readonly request: FetchRequest; readonly context: FetchContext }[] = []
  const known = new Map<string, Fetched>()
  const attempts: Attempt[] = []
  const fetcher = new Fetcher({
    rules: RULES,
    clock,
    fetch: (each, context) => {
      asked.push({ request: each, context })
      return answers.shift()?.() ?? Promise.reject(new FetchError('nobody is there'))
    },
    onFetched: (key, fetched) => (fetched === undefined ? known.delete(key) : known.set(key, fetched)),
    onAttempt: (attempt) => attempts.push(attempt),
    ...(cache === undefined ? {} : { cache }),
  })
  const want = async (...requests: readonly ModuleRequest[]): Promise<void> => {
    fetcher.want(new Map(requests.map((each) => [each.key, each])))
    await turn()
  }
  const answer = (base64: string, revision?: string) => answers.push(async () => ({ content: content(base64), revision }))
  return { clock, answers, answer, asked, known, attempts, fetcher, want }
}

describe('a fetcher', () => {
  it('asks once for what does not change', async () => {
    const { want, answer, known, asked, clock } = world()
    answer('one')
    await want(request('a'))
    expect(known.get('a')).toEqual(fetched('one'))
    await clock.advance(24 * 3_600_000)
    expect(asked).toHaveLength(1)
    expect(clock.sleeping).toBe(0)
  })

  it('asks again for what may change, keeps what it had when that fails, and says what it had', async () => {
    const { want, answer, answers, known, asked, clock, attempts } = world()
    answer('one', 'v1')
    await want(request('a', true))
    answers.push(() => Promise.reject(new FetchError('away')))
    await clock.advance(600_000)
    expect(known.get('a')).toEqual(fetched('one'))
    answers.push(async () => undefined)
    await clock.advance(1_000)
    answer('two', 'v2')
    await clock.advance(600_000)
    expect(known.get('a')).toEqual(fetched('two'))
    expect(asked.map(({ context }) => context.revision)).toEqual([undefined, 'v1', 'v1', 'v1'])
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['fetched', 'failed', 'unchanged', 'fetched'])
  })

  it('tries again at growing intervals, five minutes at most, and says why it failed', async () => {
    const { want, known, asked, clock } = world()
    await want(request('a'))
    expect(known.get('a')).toEqual({ state: 'failed', reason: 'nobody is there' })
    await clock.advance(3_600_000)
    expect(clock.sleeps.slice(0, 10)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300].map((seconds) => seconds * 1000))
    expect(asked.length).toBeLessThan(25)
  })

  it('forgets what nobody asks for, also while it is on its way', async () => {
    const { fetcher, want, answer, answers, known, asked, clock } = world()
    answer('one')
    let arrive: (outcome: Outcome) => void = () => {}
    answers.push(() => new Promise((resolve) => (arrive = resolve)))
    await want(request('a', true), request('b'))
    fetcher.want(
      new Map([
        ['a', undefined],
        ['b', undefined],
      ]),
    )
    expect(asked.map(({ context }) => context.signal.aborted)).toEqual([true, true])
    arrive({ content: content('late'), revision: undefined })
    await clock.advance(3_600_000)
    expect(known.size).toBe(0)
    expect(asked).toHaveLength(2)
  })

  it('asks at once with what has become of the same request, and keeps what it had meanwhile', async () => {
    const { want, answer, known, asked } = world()
    answer('one')
    await want(request('a', true))
    const changed = { ...request('a', true), authorities: 'others' }
    await want(changed)
    expect(asked.at(-1)?.request).toEqual(changed)
    expect(known.get('a')).toEqual(fetched('one'))
  })

  it('asks a host four questions at once and no more', async () => {
    const { want, answers, asked } = world()
    const open: ((outcome: Outcome) => void)[] = []
    for (let at = 0; at < 6; at++) answers.push(() => new Promise((resolve) => open.push(resolve)))
    await want(...['a', 'b', 'c', 'd', 'e', 'f'].map((key) => request(key)))
    expect(asked).toHaveLength(4)
    open[0]?.({ content: content('one'), revision: undefined })
    await turn()
    expect(asked).toHaveLength(5)
  })

  it('does not wait for a server that says nothing to ask others', async () => {
    const { want, answers, answer, known, asked } = world()
    for (let at = 0; at < 4; at++) answers.push(() => new Promise(() => {}))
    await want(...['a', 'b', 'c', 'd', 'e', 'f'].map((key) => request(key)))
    answer('one')
    await want({ ...request('other'), url: 'https://other.example/module.wasm' })
    expect(known.get('other')).toEqual(fetched('one'))
    expect(asked).toHaveLength(5)
  })

  it('asks a host that said nothing one question at a time until it says something: several such hosts keep nobody else waiting', async () => {
    const { want, answers, answer, asked, known, clock } = world()
    const hosts = ['a', 'b']
    const of = (host: string) =>
      Array.from({ length: 4 }, (_, at) => ({ ...request(`${host}${at}`), url: `https://${host}.example/${at}` }))
    const silence: (() => void)[] = []
    const nothing = () => new Promise<Outcome>((_, reject) => silence.push(() => reject(new DOMException('late', 'TimeoutError'))))
    for (let at = 0; at < 20; at++) answers.push(nothing)
    await want(...hosts.flatMap(of))
    expect(asked).toHaveLength(8)
    for (const end of silence.splice(0)) end()
    await turn()
    await clock.advance(2_000)
    expect(asked.slice(8).map(({ request: { key } }) => key[0])).toEqual(['a', 'b'])
    answers.splice(0)
    answer('one')
    await want({ ...request('other'), url: 'https://other.example/module.wasm' })
    expect(known.get('other')).toEqual(fetched('one'))
    // One good answer, and it is asked as any other.
    answers.push(async () => ({ content: content('two'), revision: undefined }), nothing, nothing, nothing)
    for (const end of silence.splice(0, 1)) end()
    await turn()
    await clock.advance(10_000)
    expect(asked.slice(11).filter(({ request: { key } }) => key.startsWith('a')).length).toBeGreaterThan(1)
  })

  it('asks eight questions at once, whomever, and begins the next in their order', async () => {
    const { want, answers, asked } = world()
    const open: ((outcome: Outcome) => void)[] = []
    for (let at = 0; at < 11; at++) answers.push(() => new Promise((resolve) => open.push(resolve)))
    const of = (host: string, count: number) =>
      Array.from({ length: count }, (_, at) => ({ ...request(`${host}${at}`), url: `https://${host}.example/${at}` }))
    await want(...of('a', 5), ...of('b', 4), ...of('c', 2))
    expect(asked).toHaveLength(8)
    open[7]?.({ content: content('one'), revision: undefined })
    await turn()
    // The fifth question to the first host is the oldest, and may not be asked yet.
    expect(asked.map(({ request: { key } }) => key).slice(8)).toEqual(['c0'])
    open[0]?.({ content: content('one'), revision: undefined })
    await turn()
    expect(asked.map(({ request: { key } }) => key).slice(8)).toEqual(['c0', 'a4'])
  })

  it('a start waits for first answers, good or bad, but not for ever', async () => {
    const { fetcher, want, answer, answers, clock } = world()
    expect(fetcher.firstAnswers()).toBeUndefined()
    answer('one')
    answers.push(() => Promise.reject(new Error('away')))
    fetcher.want(
      new Map([
        ['a', request('a')],
        ['b', request('b')],
      ]),
    )
    await fetcher.firstAnswers()
    expect(fetcher.firstAnswers()).toBeUndefined()
    answers.push(() => new Promise(() => {}))
    await want(request('c'))
    await clock.advance(4_000)
    let isOver = false
    const waiting = fetcher.firstAnswers()?.then(() => {
      isOver = true
    })
    await clock.advance(5_999)
    expect(isOver).toBe(false)
    await clock.advance(1)
    await waiting
    // Whoever asks once more has waited enough.
    expect(fetcher.firstAnswers()).toBeUndefined()
  })

  it('begins with what it had before a restart, and then needs no server', async () => {
    const kept = new Map<string, Outcome>()
    const cache: FetchCache = {
      read: async (key) => kept.get(key),
      write: async (key, outcome) => void kept.set(key, outcome),
      remove: async (key) => void kept.delete(key),
    }
    const before = world(cache)
    before.answer('one', 'v1')
    await before.want(request('a'))
    const { want, known, asked } = world(cache)
    await want(request('a'))
    expect(known.get('a')).toEqual(fetched('one'))
    expect(asked).toEqual([])
    before.fetcher.want(new Map([['a', undefined]]))
    expect(kept.size).toBe(0)
  })

  it('tells who was asked, and nothing that may be secret', async () => {
    const { want, attempts } = world()
    await want(request('a'))
    expect(attempts).toEqual([{ kind: 'module', host: 'example.com', outcome: 'failed', reason: 'nobody is there' }])
  })
})
