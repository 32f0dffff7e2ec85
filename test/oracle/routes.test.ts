/**
 * What the real Envoy does with arbitrary HTTPRoutes and GRPCRoutes is what the Gateway API says of them. Golden cases hold what we thought of, and
 * `explain` reads the configuration that we made: neither sees a rule that was understood in the wrong way. `LONG=1` asks more, `SEED=n` something
 * else.
 */

import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { eventually } from '../support/eventually.js'
import type { TestBackend } from '../support/http-backend.js'
import type { TestAnswer } from '../support/http-client.js'
import { patience } from '../support/patience.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { DELAY_MS } from './arbitrary-requests.js'
import { type World, world } from './arbitrary-world.js'
import { type Deed, deedsOf, isCors, seenIn } from './deeds.js'
import { grantObject, isCall, type Request, routeObject } from './objects.js'
import { GRANTS, LISTENERS, MIRRORS, startBackends, surroundings, TARGETS } from './surroundings.js'
import { type Verdict, verdictOf } from './verdict.js'

const WORLDS = process.env.LONG === undefined ? 30 : 300
const REQUESTS = 60
/** How long a failure is made smaller. */
const SHRINKING_MS = 30_000

let backends: readonly TestBackend[] = []
let headgates: readonly Standalone[] = []
/** Requests so far: each has a number of its own, by which copies are known. */
let count = 0

beforeAll(async () => {
  backends = await startBackends()
  headgates = await Promise.all((['rds', 'scoped'] as const).map((routePacking) => startTestStandalone({ routePacking })))
  const base = await surroundings(backends)
  await Promise.all(headgates.map((each) => each.write('base', base)))
}, 60_000)

afterAll(async () => {
  await Promise.all([...headgates, ...backends].map((each) => ('stop' in each ? each.stop() : each.close())))
  // Backends answer late for which nobody waits any more.
  await setTimeout(DELAY_MS)
})

it('does what the Gateway API says', async () => {
  const seed = Number(process.env.SEED ?? 20261130)
  const seen = new Set<string>()
  let failed: number | undefined
  const property = fc.asyncProperty(world(REQUESTS), async (all) => {
    // What fails is made smaller, and not for ever.
    if (failed !== undefined && performance.now() - failed > SHRINKING_MS) return
    try {
      await compareAll(all, seen)
    } catch (error) {
      failed ??= performance.now()
      throw error
    }
  })
  await fc.assert(property, { seed, numRuns: WORLDS })
  // The requests reach everything that there is.
  const plain = ['200', '404', '421', '500', '503', '504', 'redirect', 'closed']
  const calls = ['call 12', 'call 14', 'call 2', 'call 200', 'call redirect']
  expect([...seen].sort()).toEqual([...plain, ...calls].sort())
}, 600_000)

async function compareAll(all: World, seen: Set<string>): Promise<void> {
  const objects = [...all.routes.map(routeObject), ...all.grants.map((each, at) => grantObject(each, `grant-${at}`))]
  const text = objects.map((each) => JSON.stringify(each)).join('\n---\n')
  await Promise.all(headgates.map((each) => each.write('objects', text)))
  const turns = all.requests.flatMap((each, at) => {
    const headgate = headgates[at % headgates.length]
    return headgate === undefined ? [] : [compare(headgate, all, each, seen)]
  })
  await Promise.all(turns)
}

async function compare(headgate: Standalone, all: World, plain: Request, seen: Set<string>, tries = 3): Promise<void> {
  const { routes, grants } = all
  const id = `n${count++}`
  const query = isCall(plain) ? '' : [plain.query, `key=${id}`].filter((each) => each !== '').join('&')
  const sent: Request = { ...plain, query, headers: { ...plain.headers, 'x-id': id } }
  const verdict = verdictOf({ listeners: LISTENERS, routes, targets: TARGETS, grants: [...GRANTS, ...grants] }, sent)
  const { deed, cors } = await done(headgate, sent)
  // A busy machine is slow where nobody asked it to be.
  if (deed.status === 504 && !query.includes('delayMs') && tries > 1) return compare(headgate, all, plain, seen, tries - 1)
  const want = deedsOf(verdict, sent)
  if (!want.some((each) => JSON.stringify(each) === JSON.stringify(deed))) expect({ sent, deed }).toEqual({ sent, deed: want[0] })
  const wantCors = verdict.does === 'close' ? {} : verdict.cors
  if (!isCors(wantCors, cors)) expect({ sent, cors }).toEqual({ sent, cors: wantCors })
  const how = deed.location === undefined ? String(deed.status) : 'redirect'
  seen.add(isCall(sent) && how !== 'closed' ? `call ${how}` : how)
  // Nobody says whether there is a copy of what goes to nobody.
  if (verdict.does !== 'forward' || deed.backend !== undefined) await copied(id, verdict)
}

/** Copies are sent beside the request and may come later; more than there should be do not come later than that. */
async function copied(id: string, verdict: Verdict): Promise<void> {
  const want = verdict.does === 'forward' ? [...verdict.mirrors].sort() : []
  const copies = (): readonly string[] =>
    backends
      .filter((each) => MIRRORS.some(({ name }) => name === each.name))
      .flatMap(({ name, requests }) => requests.filter(({ headers }) => headers['x-id'] === id).map(() => name))
      .sort()
  await eventually(() => {
    if (copies().length < want.length) throw new Error(`copies of ${id} went to ${copies().join()}, not to ${want.join()}`)
  }, patience(500))
  expect({ id, copies: copies() }).toEqual({ id, copies: want })
}

async function done(
  headgate: Standalone,
  sent: Request,
): Promise<{ readonly deed: Deed; readonly cors: Readonly<Record<string, string>> }> {
  try {
    return seenIn(sent, await send(headgate, sent))
  } catch (error) {
    if (sent.serverName === undefined) throw error
    return { deed: { status: 'closed' }, cors: {} }
  }
}

async function send(headgate: Standalone, { port, serverName, host, method, path, query, headers, isHttp2 }: Request): Promise<TestAnswer> {
  const tls = serverName === undefined ? undefined : { serverName }
  const request = { host, method, path: query === '' ? path : `${path}?${query}`, headers, timeoutMs: 20_000 }
  if (!isHttp2) return headgate.send('default/gw', port, { ...request, ...(tls && { tls }) })
  const client = headgate.http2('default/gw', port, tls)
  return client.send(request).finally(() => client.close())
}
