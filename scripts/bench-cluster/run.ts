/** All rows of one peer, in an order in which each finds what it needs. */
import { loadavg } from 'node:os'
import { pause } from './cluster.js'
import type { Options, Row } from './options.js'
import type { AttachedResult, PeerResult } from './result.js'
import { attached } from './rows/attached.js'
import { bulk, deleteRoutes } from './rows/bulk.js'
import { churn, startChurn } from './rows/churn.js'
import { cost, memory } from './rows/cost.js'
import { endpointRoll, restart } from './rows/disturbance.js'
import { flips } from './rows/flips.js'
import { listenerSets } from './rows/listener-sets.js'
import { probe } from './rows/probe.js'
import { type Stage, settle } from './stage.js'

/** Numbers of routes at which things are measured, as far as `--routes` goes. */
const STAGES = [1_000, 3_000, 5_000, 10_000, 20_000] as const

/** Milliseconds between two flips of a series. */
const FLIP_INTERVALS_MS = [200, 50, 20] as const

/** Routes that are added one by one at each stage. */
const MORE = 50

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
    await probe(stage, 0, 1, 'the first route')
    for (const isNewCluster of [false, true])
      for (const interval of FLIP_INTERVALS_MS) result.flips.push(await flips(stage, 0, options.flips, interval, isNewCluster))
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
      miss(name, error instanceof Error ? error.message : String(error))
    }
  }

  function miss(name: string, reason: string): void {
    stage.say(`${name}: ${reason}`)
    result.missing.push({ row: name, reason })
  }

  async function oneByOne(): Promise<void> {
    await settle(stage)
    const count = options.oneByOne
    const way: AttachedResult['way'] = 'one by one'
    let added = count
    result.attached.push(
      await attached(stage, way, count, count, async () => {
        const { result: measured, lastWriteAt } = await probe(stage, 0, count, `${count} routes one by one`)
        result.probe = measured
        added = (measured.stalledAt ?? count - 1) + 1
        return lastWriteAt
      }),
    )
    result.attached.push(
      await attached(stage, 'deleted', added, 0, async () => {
        await deleteRoutes(stage, 0, added)
        return performance.now()
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
      if (stage.remainingMs() <= 0) return miss(`${next} routes`, 'no time was left')
      await settle(stage)
      const from = routes
      result.attached.push(
        await attached(stage, 'at once', next - from, next, async () => {
          const { result: measured, lastWriteAt } = await bulk(stage, from, next)
          result.bulk.push(measured)
          return lastWriteAt
        }),
      )
      routes = next
      if (result.bulk.at(-1)?.stalledAt !== undefined) break
      result.memory.push(await memory(stage, routes))
      await row('bulk', () => more(routes, false))
      await row('cost', async () => {
        result.cost.push(await cost(stage, routes))
      })
    }
    await atTheEnd(routes)
  }

  async function atTheEnd(routes: number): Promise<void> {
    await row('churn-probe', () => more(routes, true))
    await row('endpoint-roll', async () => {
      result.endpointRoll = await endpointRoll(stage, routes)
    })
    await row('churn', async () => {
      result.churn = await churn(stage, routes, options.churnSeconds)
    })
    await row('restart', async () => {
      result.restart = await restart(stage, routes)
    })
    await row('listener-sets', async () => {
      await settle(stage)
      result.listenerSets = stage.peer.hasListenerSets ? await listenerSets(stage, options.listenerSets) : 'not supported'
    })
  }

  async function more(routes: number, isChurning: boolean): Promise<void> {
    const changing = isChurning ? startChurn(stage, routes) : undefined
    if (isChurning) await pause(3_000)
    const { result: measured } = await probe(
      stage,
      routes,
      routes + MORE,
      `one more at ${routes}${isChurning ? ' while others change' : ''}`,
    )
    await changing?.stop()
    result.oneMore.push({ ...measured, isChurning })
    await deleteRoutes(stage, routes, routes + MORE)
    await settle(stage)
  }
}
