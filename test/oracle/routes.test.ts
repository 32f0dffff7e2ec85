/**
 * What the real Envoy does with arbitrary HTTPRoutes and GRPCRoutes is what the Gateway API says of them, and so is what `explain` says. Golden
 * cases hold what we thought of, and `explain` reads the configuration that we made: neither sees by itself that a rule was understood in the wrong
 * way. `LONG=1` asks more, `SEED=n` something else.
 */

import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { explainAt } from '../explain/packed-world.js'
import { eventually } from '../support/eventually.js'
import type { TestBackend } from '../support/http-backend.js'
import type { TestAnswer } from '../support/http-client.js'
import { patience } from '../support/patience.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { DELAY_MS } from './arbitrary-requests.js'
import { sharingRule } from './arbitrary-rules.js'
import { type World, world } from './arbitrary-world.js'
import { codeOf, type Deed, deedsOf, isCors, seenIn } from './deeds.js'
import { isSame, type Named, questionOf, toldBy, toldOf } from './explained.js'
import { type Grant, grantObject, isCall, type Request, type Route, routeObject } from './objects.js'
import { oddCounts, sharesOf } from './shares.js'
import { GRANTS, LISTENERS, MIRRORS, startBackends, surroundings, TARGETS } from './surroundings.js'
import { type Verdict, verdictOf } from './verdict.js'

const WORLDS = process.env.LONG === undefined ? 30 : 300
const REQUESTS = 60
/** Rules whose shares are counted, and of how many requests. */
const SHARING_RULES = process.env.LONG === undefined ? 10 : 100
const COUNTED = 200
const SEED = Number(process.env.SEED ?? 20261130)
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
  await fc.assert(property, { seed: SEED, numRuns: WORLDS })
  // The requests reach everything that there is.
  const plain = ['200', '404', '421', '500', '503', '504', 'redirect', 'closed']
  const calls = ['call 12', 'call 14', 'call 2', 'call 200', 'call redirect']
  expect([...seen].sort()).toEqual([...plain, ...calls].sort())
}, 600_000)

it('shares requests out by the weights of backends', async () => {
  const rules = fc.sample(sharingRule, { seed: SEED, numRuns: SHARING_RULES })
  const routes = rules.map(
    (rule, at): Route => ({
      kind: 'HTTPRoute',
      namespace: 'default',
      name: `shared-${at}`,
      created: '2026-01-01T00:00:00Z',
      parentRefs: [{ namespace: 'default', name: 'gw' }],
      hostnames: [`shared-${at}.example`],
      rules: [rule],
    }),
  )
  const grants: readonly Grant[] = [
    { namespace: 'shop', from: { kind: 'HTTPRoute', namespace: 'default' }, to: { group: '', kind: 'Service' } },
  ]
  const objects = [...routes.map(routeObject), ...grants.map((each) => grantObject(each, 'shared'))]
  for (const headgate of headgates) {
    await headgate.write('objects', objects.map((each) => JSON.stringify(each)).join('\n---\n'))
    const client = headgate.http2('default/gw', 80)
    for (const [at, { rules: of }] of routes.entries()) {
      const sent: Request = { port: 80, host: `shared-${at}.example`, method: 'GET', path: '/', query: '', headers: {}, isHttp2: true }
      const shares = sharesOf(verdictOf({ listeners: LISTENERS, routes, targets: TARGETS, grants }, sent))
      const counts = new Map<string | number, number>()
      for (let turn = 0; turn < COUNTED / 50; turn++) {
        const answers = await Promise.all(Array.from({ length: 50 }, () => client.send({ host: sent.host, timeoutMs: 20_000 })))
        for (const { status, echo } of answers) {
          const end = echo?.backend ?? status
          counts.set(end, (counts.get(end) ?? 0) + 1)
        }
      }
      expect({ of, odd: oddCounts(shares, counts) }).toEqual({ of, odd: [] })
    }
    client.close()
  }
}, 300_000)

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
  const told = toldBy(await explainAt(headgate, questionOf(sent, headgate.place('default/gw', sent.port))), sent, NAMED)
  const wantTold = toldOf(verdict, sent)
  if (!isSame(told, wantTold)) expect({ sent, told }).toEqual({ sent, told: wantTold })
  const { deed, cors } = await done(headgate, sent)
  const want = deedsOf(verdict, sent)
  if (!want.some((each) => JSON.stringify(each) === JSON.stringify(deed))) {
    // A busy machine is slow where nobody asked it to be.
    const isLate = deed.status === (isCall(sent) ? codeOf(504) : 504) && !query.includes('delayMs')
    if (isLate && tries > 1) return compare(headgate, all, plain, seen, tries - 1)
    expect({ sent, deed }).toEqual({ sent, deed: want[0] })
  }
  const wantCors = verdict.does === 'close' ? {} : verdict.cors
  if (!isCors(wantCors, cors)) expect({ sent, cors }).toEqual({ sent, cors: wantCors })
  const how = deed.location === undefined ? String(deed.status) : 'redirect'
  seen.add(isCall(sent) && how !== 'closed' ? `call ${how}` : how)
  // Nobody says whether there is a copy of what goes to nobody.
  if (verdict.does !== 'forward' || deed.backend !== undefined) await copied(id, verdict)
}

const NAMED: Named = {
  at: (address) => backends.find(({ port }) => address.endsWith(`:${port}`))?.name ?? address,
  behind: (cluster) => {
    const [kind, namespace, name] = cluster.split('/')
    return TARGETS.find((each) => each.kind === kind && each.namespace === namespace && each.name === name)?.backend ?? cluster
  },
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
