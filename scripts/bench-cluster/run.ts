/** All rows of one peer, in an order in which each finds what it needs. */
import { loadavg } from 'node:os'
import { errorText } from '../../src/util/error-text.js'
import { pause } from './cluster.js'
import type { Options, Row } from './options.js'
import type { PeerResult, ProbeResult } from './result.js'
import { attached, type Changed } from './rows/attached.js'
import { bulk, deleteRoutes } from './rows/bulk.js'
import { churn, startChurn } from './rows/churn.js'
import { cost, memory } from './rows/cost.js'
import { endpointRoll, restart } from './rows/disturbance.js'
import { flips, flipsToNewServices } from './rows/flips.js'
import { listenerSets } from './rows/listener-sets.js'
import { probe } from './rows/probe.js'
import { type Stage, settle } from './stage.js'

/** Numbers of routes at which things are measured, as far as `--routes` goes. */
const STAGES = [1_000, 3_000, 5_000, 10_000, 20_000] as const

/** At how many routes the controller is replaced, and others change meanwhile: at the end of a run that does not come so far. */
const MANY = 5_000

/** Numbers of routes that are written at once where there are none, as far as `--routes` goes; 1,000 are it at the first stage. */
const AT_ONCE = [5_000, 10_000] as const

/** Milliseconds between two flips of a series. */
const FLIP_INTERVALS_MS = [200, 50, 20] as const

/** Milliseconds between two flips to Services that are made for them. */
const NEW_SERVICE_INTERVAL_MS = 20

/** Routes that are added one by one at each stage. */
const MORE = 50

/** What of a peer's time the routes one by one may take, at the beginning and at each stage: the slow shall show their other rows, too. */
const SHARE_OF_FIRST = 1 / 4
const SHARE_OF_MORE = 1 / 15

/** Measures a peer; a row that fails or comes too late is noted as missing, and the others go on. */
export async function run(stage: Stage, options: Options, about: Pick<PeerResult, 'version' | 'command' | 'cores'>): Promise<PeerResult> {
  const start = performance.now()
  const result: PeerResult = {
    peer: stage.peer.name,
    title: stage.peer.title,
    ...about,
    date: new Date().toISOString(),
    loadBefore: loadavg()[0] ?? 0,
    tookSeconds: 0,
    oneMore: [],
    bulk: [],
    attached: [],
    memory: [],
    cost: [],
    missing: [],
  }
  result.memory.push(await memory(stage, 0))
  await row('flips', async () => {
    result.flips = []
    await probe(stage, 0, 1, 'the first route', 0)
    for (const isNewCluster of [false, true])
      for (const interval of FLIP_INTERVALS_MS) result.flips.push(await flips(stage, options.flips, interval, isNewCluster))
    result.flips.push(await flipsToNewServices(stage, options.newServiceFlips, NEW_SERVICE_INTERVAL_MS))
    await deleteRoutes(stage, 0, 1)
  })
  await row('probe', () => oneByOne())
  await atEachStage()
  result.tookSeconds = Math.round((performance.now() - start) / 1000)
  return result

  async function row(name: Row, work: () => Promise<void>): Promise<void> {
    if (!options.rows.has(name)) return
    if (stage.remainingMs() <= 0) return miss(name, 'no time was left')
    try {
      await work()
    } catch (error) {
      miss(name, errorText(error))
    }
  }

  function miss(name: string, reason: string): void {
    stage.say(`${name}: ${reason}`)
    result.missing.push({ row: name, reason })
  }

  async function oneByOne(): Promise<void> {
    await settle(stage)
    const count = options.oneByOne
    let added = 0
    result.attached.push(
      await attached(stage, 'one by one', async () => {
        const title = `${count} routes one by one`
        const { result: measured, lastWriteAt } = await probe(stage, 0, count, title, stage.totalMs * SHARE_OF_FIRST)
        result.probe = measured
        added = writtenBy(measured)
        return { routes: added, expected: added, lastWriteAt }
      }),
    )
    result.attached.push(
      await attached(stage, 'deleted', async () => {
        await deleteRoutes(stage, 0, added)
        return { routes: added, expected: 0, lastWriteAt: performance.now() }
      }),
    )
  }

  async function atEachStage(): Promise<void> {
    const needed = (['bulk', 'cost', 'churn-probe', 'endpoint-roll', 'restart', 'churn', 'listener-sets'] as const).some((each) =>
      options.rows.has(each),
    )
    if (!needed) return
    const stages = [...STAGES.filter((each) => each < options.routes), options.routes]
    let routes = 0
    for (const next of stages) {
      if (stage.remainingMs() <= 0) {
        miss(`${next} routes`, 'no time was left')
        break
      }
      await settle(stage)
      result.attached.push(await attached(stage, 'at once', () => atOnce(routes, next)))
      routes = next
      if (result.bulk.at(-1)?.stalledAt !== undefined) break
      result.memory.push(await memory(stage, routes))
      await row('bulk', () => more(routes, false))
      await row('cost', async () => {
        result.cost.push(await cost(stage, routes))
      })
      if (routes === MANY) await row('churn-probe', () => more(routes, true))
    }
    await atTheEnd(routes)
  }

  async function atOnce(from: number, to: number): Promise<Changed> {
    const { result: measured, lastWriteAt } = await bulk(stage, from, to)
    result.bulk.push(measured)
    return { routes: to - from, expected: to, lastWriteAt }
  }

  async function atTheEnd(routes: number): Promise<void> {
    if (!result.oneMore.some(({ isChurning }) => isChurning)) await row('churn-probe', () => more(routes, true))
    await row('endpoint-roll', async () => {
      result.endpointRoll = await endpointRoll(stage, routes)
    })
    await row('churn', async () => {
      result.churn = await churn(stage, routes, options.churnSeconds)
    })
    let left = routes
    await row('restart', async () => {
      left = Math.min(routes, MANY)
      await deleteRoutes(stage, left, routes + 1)
      await settle(stage)
      result.restart = await restart(stage, left)
    })
    for (const count of AT_ONCE.filter((each) => each <= routes))
      await row('bulk', async () => {
        await deleteRoutes(stage, 0, Math.max(left, routes) + 1)
        await settle(stage)
        await atOnce(0, count)
        left = count
      })
    await row('listener-sets', async () => {
      await settle(stage)
      result.listenerSets = stage.peer.hasListenerSets ? await listenerSets(stage, options.listenerSets, left) : 'not supported'
    })
  }

  async function more(routes: number, isChurning: boolean): Promise<void> {
    const changing = isChurning ? startChurn(stage, routes) : undefined
    if (isChurning) await pause(3_000)
    const title = `one more at ${routes}${isChurning ? ' while others change' : ''}`
    const { result: measured } = await probe(stage, routes, routes + MORE, title, stage.totalMs * SHARE_OF_MORE)
    await changing?.stop()
    result.oneMore.push({ ...measured, isChurning })
    await deleteRoutes(stage, routes, routes + writtenBy(measured))
    await settle(stage)
  }
}

/** How many routes a series has written: the one that stalled, too. */
function writtenBy({ figures, stalledAt }: ProbeResult): number {
  return figures.count + (stalledAt === undefined ? 0 : 1)
}
