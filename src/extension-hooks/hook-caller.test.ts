import { describe, expect, it } from '@jest/globals'
import { encode } from '../xds/message.js'
import { TYPE_URL } from '../xds/resource.js'
import type { HookAnswer, HookQuestion } from '../xds/translate/extension-hooks/hook.js'
import { HookCaller, type HookCallerOptions } from './hook-caller.js'
import type { HookReply } from './hook-client.js'

const UNCHANGED: HookReply = { kind: 'unchanged' }
const SLOW: HookReply = { kind: 'failed', message: 'slow', because: 'slow' }
const GONE: HookReply = { kind: 'failed', message: 'gone', because: 'unreachable' }
const REFUSED: HookReply = { kind: 'failed', message: 'no', because: 'refused' }

const value = encode('envoy.config.cluster.v3.Cluster', { name: 'c' })
const question = (name: string, version = 'v1', isAnswered = false): HookQuestion => ({
  kind: 'Cluster',
  name,
  version,
  value,
  origins: [],
  isAnswered,
})
const questions = (...all: readonly HookQuestion[]) => new Map(all.map((each) => [each.name, each]))

/** A caller whose calls a test answers, and whose time a test lets pass. */
function made(options: Partial<HookCallerOptions> = {}) {
  const calls: { readonly question: HookQuestion; readonly answer: (reply: HookReply) => Promise<void> }[] = []
  const answers = new Map<string, HookAnswer | undefined>()
  const unanswered = new Map<string, string | undefined>()
  const alarms = new Set<{ readonly milliseconds: number; readonly callback: () => void }>()
  let connections = 0
  let reconnected = (): void => {}
  const caller = new HookCaller({
    connect: (onReconnected) => {
      connections++
      reconnected = onReconnected
      return {
        ask: (asked) =>
          new Promise((resolve) =>
            calls.push({
              question: asked,
              answer: async (reply) => {
                resolve(reply)
                await settled()
              },
            }),
          ),
        close: () => {},
      }
    },
    onAnswer: (key, answer) => answers.set(key, answer),
    onCall: () => {},
    onUnanswered: (key, _question, message) => void unanswered.set(key, message),
    longestWaitMs: 10_000,
    waitsAtStart: false,
    after: (milliseconds, callback) => {
      const alarm = { milliseconds, callback }
      alarms.add(alarm)
      return () => void alarms.delete(alarm)
    },
    ...options,
  })
  /** The alarm of that time rings. */
  const ring = async (milliseconds: number): Promise<void> => {
    for (const alarm of [...alarms].filter((each) => each.milliseconds === milliseconds)) {
      alarms.delete(alarm)
      alarm.callback()
    }
    await settled()
  }
  const next = () => {
    const call = calls.shift()
    if (call === undefined) throw new Error('nobody calls')
    return call
  }
  return { caller, answers, unanswered, calls, next, ring, alarms, reconnect: () => reconnected(), connections: () => connections }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Whether somebody still waits. */
async function isPending(promise: Promise<void> | undefined): Promise<boolean> {
  if (promise === undefined) return false
  return Promise.race([promise.then(() => false), settled().then(() => true)])
}

describe('HookCaller', () => {
  it('lets wait until everything that was asked is answered, and asks about nothing twice', async () => {
    const { caller, next, calls, answers } = made()
    const asked = caller.ask(questions(question('a'), question('b'), question('c', 'v1', true)))
    expect(calls.map((each) => each.question.name)).toEqual(['a', 'b'])
    await next().answer(UNCHANGED)
    expect(await isPending(asked)).toBe(true)
    await next().answer(UNCHANGED)
    expect(await isPending(asked)).toBe(false)
    expect(answers.get('a')).toEqual({ version: 'v1', value: undefined })
    expect(caller.ask(questions(question('a', 'v1', true)))).toBeUndefined()
    expect(calls).toEqual([])
  })

  it('lets nobody wait for a server that gives no answer, and asks all as soon as one is answered', async () => {
    const { caller, next, ring, calls, unanswered } = made()
    const first = caller.ask(questions(question('a')))
    await next().answer(UNCHANGED)
    await first
    const waiting = caller.ask(questions(question('b'), question('c'), question('d')))
    await next().answer(SLOW)
    expect(await isPending(waiting)).toBe(false)
    await next().answer(SLOW)
    await next().answer(SLOW)
    expect(caller.ask(questions(question('e')))).toBeUndefined()
    await next().answer(SLOW)
    expect([...caller.failures.keys()]).toEqual(['b', 'c', 'd', 'e'])
    expect(unanswered.get('c')).toBe('slow')
    // One tells whether it is there again, and not always the same one.
    await ring(1_000)
    expect(calls.map((each) => each.question.name)).toEqual(['b'])
    await next().answer(SLOW)
    await ring(2_000)
    expect(calls.map((each) => each.question.name)).toEqual(['c'])
    await next().answer(UNCHANGED)
    expect(calls.map((each) => each.question.name).sort()).toEqual(['b', 'd', 'e'])
    expect([...unanswered].filter(([, message]) => message === undefined)).toEqual([['c', undefined]])
    expect(caller.ask(questions(question('f')))).toBeDefined()
  })

  it('asks about everything again when it could not get through, over a new connection', async () => {
    const { caller, next, ring, calls, connections } = made()
    void caller.ask(questions(question('a')))
    await next().answer(UNCHANGED)
    void caller.ask(questions(question('a', 'v1', true), question('b')))
    await next().answer(GONE)
    await ring(1_000)
    expect(connections()).toBe(2)
    await next().answer(UNCHANGED)
    expect(calls.map((each) => each.question.name)).toContain('a')
  })

  it('tries a server that gives no answer over a new connection: the old one may lead to nobody', async () => {
    const { caller, next, ring, calls, connections } = made()
    void caller.ask(questions(question('a')))
    await next().answer(UNCHANGED)
    void caller.ask(questions(question('a', 'v1', true), question('b')))
    await next().answer(SLOW)
    expect(connections()).toBe(1)
    await ring(1_000)
    expect(connections()).toBe(2)
    expect(calls.map((each) => each.question.name)).toEqual(['b'])
  })

  it('asks whoever gave no answer about everything again, one after the other: it may be another one, or just be slow', async () => {
    const { caller, next, ring, calls, answers } = made()
    const names = (): readonly string[] => calls.map((each) => each.question.name)
    void caller.ask(questions(question('a'), question('b'), question('c')))
    for (const _ of 'abc') await next().answer(UNCHANGED)
    void caller.ask(
      questions(question('a', 'v1', true), question('b', 'v1', true), question('c', 'v1', true), question('d'), question('e')),
    )
    await next().answer(SLOW)
    await next().answer(SLOW)
    await ring(1_000)
    expect(names()).toEqual(['d'])
    await next().answer(UNCHANGED)
    // As long as it has no answer to a question, nothing else is asked but what has none.
    expect(names()).toEqual(['e'])
    await next().answer(SLOW)
    await ring(1_000)
    await next().answer(UNCHANGED)
    expect(names()).toEqual(['a'])
    const other = encode('envoy.config.cluster.v3.Cluster', { name: 'a', altStatName: 'other' })
    await next().answer({ kind: 'changed', typeUrl: TYPE_URL.cluster, value: other })
    expect(names()).toEqual(['b'])
    // What is new does not wait for it, and what changed meanwhile is asked once.
    void caller.ask(questions(question('c', 'v2')))
    expect(names()).toEqual(['b', 'c'])
    await next().answer(UNCHANGED)
    await next().answer(UNCHANGED)
    expect(names()).toEqual(['d'])
    await next().answer(UNCHANGED)
    expect(calls).toEqual([])
    expect(answers.get('c')?.version).toBe('v2')
  })

  it('starts with what it could not ask again', async () => {
    const { caller, next, ring, calls } = made()
    void caller.ask(questions(question('a'), question('b')))
    await next().answer(UNCHANGED)
    await next().answer(UNCHANGED)
    void caller.ask(questions(question('a', 'v1', true), question('b', 'v1', true), question('c')))
    await next().answer(SLOW)
    await ring(1_000)
    await next().answer(UNCHANGED)
    await next().answer(SLOW)
    expect(calls).toEqual([])
    expect(caller.failures.size).toBe(0)
    await ring(1_000)
    expect(calls.map((each) => each.question.name)).toEqual(['a'])
    await next().answer(UNCHANGED)
    expect(calls.map((each) => each.question.name)).toEqual(['b'])
  })

  it('asks again when a connection was replaced, and says nothing of what it cannot ask again', async () => {
    const { caller, next, reconnect, calls } = made()
    void caller.ask(questions(question('a')))
    await next().answer(UNCHANGED)
    void caller.ask(questions(question('a', 'v1', true)))
    reconnect()
    expect(calls.map((each) => each.question.name)).toEqual(['a'])
    await next().answer(REFUSED)
    expect(caller.failures.size).toBe(0)
  })

  it('takes the answer to the newest version only, and forgets what is gone', async () => {
    const { caller, next, answers, calls } = made()
    void caller.ask(questions(question('a', 'v1')))
    const old = next()
    const asked = caller.ask(questions(question('a', 'v2')))
    expect(calls).toEqual([])
    await old.answer(UNCHANGED)
    expect(answers.size).toBe(0)
    expect(await isPending(asked)).toBe(true)
    await next().answer(UNCHANGED)
    expect(await isPending(asked)).toBe(false)
    expect(answers.get('a')?.version).toBe('v2')
    void caller.ask(new Map([['a', undefined]]))
    expect([...answers]).toEqual([['a', undefined]])
  })

  it('does not send what cannot be used', async () => {
    const { caller, next, answers } = made()
    const asked = caller.ask(questions(question('a')))
    await next().answer({ kind: 'changed', typeUrl: TYPE_URL.cluster, value: encode('envoy.config.cluster.v3.Cluster', { name: 'x' }) })
    expect(await isPending(asked)).toBe(false)
    expect(answers.size).toBe(0)
    expect(caller.failures.get('a')).toMatch(/names, domains and addresses stay/)
  })

  it('has more patience at the start, and without end where nothing may go out unseen', async () => {
    for (const waitsAtStart of [false, true]) {
      const { caller, next, ring } = made({ waitsAtStart })
      const asked = caller.ask(questions(question('a')))
      await next().answer(GONE)
      expect(await isPending(asked)).toBe(true)
      await ring(1_000)
      await next().answer(GONE)
      await ring(10_000)
      expect(await isPending(asked)).toBe(waitsAtStart)
      await ring(1_000)
      await next().answer(UNCHANGED)
      expect(await isPending(asked)).toBe(false)
    }
  })

  it('has so many calls under way at most', () => {
    const { caller, calls } = made()
    void caller.ask(questions(...Array.from({ length: 200 }, (_, index) => question(`q${index}`))))
    expect(calls).toHaveLength(64)
  })

  it('lets whoever waits go on when it is closed', async () => {
    const { caller } = made()
    const asked = caller.ask(questions(question('a')))
    caller.close()
    expect(await isPending(asked)).toBe(false)
  })
})
