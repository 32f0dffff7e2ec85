/**
 * What the real Envoy does with arbitrary HTTPRoutes is what the Gateway API says of them. Golden cases hold what we thought of, and `explain` reads the
 * configuration that we made: neither sees a rule that was understood in the wrong way. `LONG=1` asks more, `SEED=n` something else.
 */

import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { backend, gateway } from '../features/manifests.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import type { TestAnswer } from '../support/http-client.js'
import { patience } from '../support/patience.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { BACKENDS, DELAY_MS, HEADERS, LISTENERS, MIRRORS, request, routes } from './arbitrary-routes.js'
import { manifest, type Request, type Route } from './http-objects.js'
import { changedHeaders, type Forwarded, type Verdict, verdictOf } from './route-oracle.js'

const WORLDS = process.env.LONG === undefined ? 30 : 300
const REQUESTS = 40
/** How long a failure is made smaller. */
const SHRINKING_MS = 60_000

let backends: readonly TestBackend[] = []
let headgates: readonly Standalone[] = []
/** Requests so far: each has a number of its own, by which copies are known. */
let count = 0

beforeAll(async () => {
  backends = await Promise.all([...BACKENDS, ...MIRRORS].map((name) => startBackend(name)))
  headgates = await Promise.all((['rds', 'scoped'] as const).map((routePacking) => startTestStandalone({ routePacking })))
  const listeners = JSON.stringify(LISTENERS.map((each) => ({ ...each, protocol: 'HTTP' })))
  const base = [gateway('gw', listeners), ...backends.map((each) => backend(each))].join('---')
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
  const property = fc.asyncProperty(
    routes,
    fc.noShrink(fc.array(request, { minLength: REQUESTS, maxLength: REQUESTS, size: 'max' })),
    async (all, requests) => {
      // What fails is made smaller, and not for ever.
      if (failed !== undefined && performance.now() - failed > SHRINKING_MS) return
      try {
        await compareAll(all, requests, seen)
      } catch (error) {
        failed ??= performance.now()
        throw error
      }
    },
  )
  await fc.assert(property, { seed, numRuns: WORLDS })
  // The requests reach everything that there is.
  expect([...seen].sort()).toEqual(['200', '301', '302', '303', '307', '308', '404', '500', '503', '504'])
}, 600_000)

async function compareAll(all: readonly Route[], requests: readonly Request[], seen: Set<string>): Promise<void> {
  const objects = all.map((each) => JSON.stringify(manifest(each))).join('\n---\n')
  await Promise.all(headgates.map((each) => each.write('objects', objects)))
  const turns = requests.flatMap((each, at) => {
    const headgate = headgates[at % headgates.length]
    return headgate === undefined ? [] : [compare(headgate, all, each, seen)]
  })
  await Promise.all(turns)
}

async function send(headgate: Standalone, port: number, isHttp2: boolean, sent: Parameters<Standalone['send']>[2]): Promise<TestAnswer> {
  if (!isHttp2) return headgate.send('default/gw', port, sent)
  const client = headgate.http2('default/gw', port)
  return client.send(sent).finally(() => client.close())
}

/** What can be seen of an answer. */
interface Deed {
  readonly status: number
  readonly location?: string | undefined
  readonly backend?: string
  readonly host?: string
  readonly path?: string
  readonly request?: Readonly<Record<string, string>>
  readonly response?: Readonly<Record<string, string>>
}

async function compare(headgate: Standalone, all: readonly Route[], plain: Request, seen: Set<string>): Promise<void> {
  const id = `n${count++}`
  const sent: Request = { ...plain, query: [plain.query, `key=${id}`].filter((each) => each !== '').join('&') }
  const verdict = verdictOf({ listeners: LISTENERS, routes: all, backends: backends.map(({ name }) => name) }, sent)
  const have = await done(headgate, sent)
  const want = deedsOf(verdict, sent)
  const found = want.find((each) => JSON.stringify(each) === JSON.stringify(have))
  if (found === undefined) expect({ sent, have }).toEqual({ sent, have: want[0] })
  seen.add(String(have.status))
  // Nobody says whether there is a copy of what goes to nobody.
  if (verdict.does !== 'forward' || have.backend !== undefined) await copied(id, verdict)
}

/** Copies are sent beside the request and may come later; more than there should be do not come later than that. */
async function copied(id: string, verdict: Verdict): Promise<void> {
  const want = verdict.does === 'forward' ? [...verdict.mirrors].sort() : []
  const copies = (): readonly string[] =>
    backends
      .filter(({ name }) => MIRRORS.some((each) => each === name))
      .flatMap(({ name, requests }) =>
        requests.filter(({ path }) => new URLSearchParams(path.split('?')[1]).get('key') === id).map(() => name),
      )
      .sort()
  await eventually(() => {
    if (copies().length < want.length) throw new Error(`copies of ${id} went to ${copies().join()}, not to ${want.join()}`)
  }, patience(500))
  expect({ id, copies: copies() }).toEqual({ id, copies: want })
}

async function done(headgate: Standalone, { port, host, method, path, query, headers, isHttp2 }: Request): Promise<Deed> {
  const answer = await send(headgate, port, isHttp2, { host, method, path: `${path}?${query}`, headers, timeoutMs: 20_000 })
  const { status, echo } = answer
  if (echo === undefined)
    return { status, ...(answer.headers.location === undefined ? {} : { location: comparable(answer.headers.location) }) }
  return {
    status,
    backend: echo.backend,
    host: echo.host,
    path: echo.path,
    request: values(echo.headers),
    response: values(answer.headers),
  }
}

/** A port that goes without saying SHOULD NOT be said, and Envoy cannot leave away one that the request has named. Hosts have no case. */
function comparable(location: string): string {
  const [, scheme = '', host = '', rest = ''] = /^(https?):\/\/([^/]*)(.*)$/.exec(location) ?? []
  return `${scheme}://${host.toLowerCase().replace(scheme === 'http' ? /:80$/ : /:443$/, '')}${rest}`
}

/** The values of the headers that are looked at, however they were joined. */
function values(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name]).replaceAll(/ *, */g, ',')]])),
  )
}

/** What may be seen where chance decides. */
function deedsOf(verdict: Verdict, sent: Request): readonly Deed[] {
  switch (verdict.does) {
    case 'answer':
      return [{ status: verdict.status }]
    case 'redirect':
      return [{ status: verdict.status, location: verdict.location }]
    case 'forward':
      return verdict.backends.map((each) => deedOf(each, sent))
  }
}

function deedOf(
  { backend: name, host, path, request: changes, response, rule: { timeouts, retry } }: Forwarded,
  { query, headers }: Request,
): Deed {
  if (name === undefined) return { status: 500 }
  const asked = new URLSearchParams(query)
  const limit = [timeouts?.request, timeouts?.backendRequest].find((each) => each !== undefined && each !== '0s')
  if (asked.has('delayMs') && limit !== undefined) return { status: 504 }
  const fails = Number(asked.get('failFirst') ?? 0)
  const status = Number(asked.get('status') ?? 200)
  const tries = 1 + (retry?.codes.includes(status) ? retry.attempts : 0)
  const said = Object.fromEntries(asked.getAll('header').map((each) => each.split(':') as [string, string]))
  return {
    status: asked.has('failFirst') && tries > fails ? 200 : status,
    backend: name,
    host,
    path,
    request: values(changedHeaders(headers, changes)),
    response: values(changedHeaders(said, response)),
  }
}

if (DELAY_MS < 2000) throw new Error('slow backends must be slower than rules wait')
