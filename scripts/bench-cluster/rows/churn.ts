/** Changes at a steady rate. */
import { get } from 'node:http'
import { EVENT_LOOP_TICK_MS } from '../../../src/telemetry/metrics.js'
import { apply, pause, podsOf } from '../cluster.js'
import { churningEndpoints, routeManifest } from '../manifests.js'
import type { ChurnResult } from '../result.js'
import { atMost, controllerUsage, proxyUsage, type Stage, settle } from '../stage.js'
import { type Change, shows } from './shows.js'

/** Route changes in a second; of endpoints there is one for every five of these. */
export const CHANGES_PER_SECOND = 10

const SAMPLE_MS = 1_000

/** What a churn has changed. */
export interface Changes {
  readonly routes: number
  readonly endpoints: number
  /** The route that was changed last, and how its answers show that. */
  readonly last: Change
}

/** Changes routes below `routes` until it is stopped; resolves with what was changed. */
export function startChurn(stage: Stage, routes: number): { readonly stop: () => Promise<Changes> } {
  let isStopped = false
  const done = (async () => {
    let changes = 0
    let endpoints = 0
    let last = { route: 0, version: '' }
    const start = performance.now()
    while (!isStopped) {
      // A prime step visits routes all over the table, in the same order for everybody.
      last = { route: (changes * 7919) % routes, version: `churn-${changes}` }
      await apply(stage.client, routeManifest(last.route, last.version), stage.signal)
      if (changes % 5 === 0) {
        endpoints++
        await apply(stage.client, churningEndpoints(endpoints), stage.signal)
      }
      changes++
      const due = start + (changes * 1000) / CHANGES_PER_SECOND
      await pause(Math.max(due - performance.now(), 0))
    }
    return { routes: changes, endpoints, last }
  })()
  return {
    stop: () => {
      isStopped = true
      return done
    },
  }
}

/** Churn for so many seconds. One route names the Service whose endpoints change. */
export async function churn(stage: Stage, routes: number, seconds: number): Promise<ChurnResult> {
  await apply(stage.client, routeManifest(routes, 'churning', { name: 'churning', port: 80 }), stage.signal)
  await settle(stage)
  const controller = await controllerUsage(stage)
  const proxy = await proxyUsage(stage)
  const samples: { readonly minute: number; readonly mb: number }[] = []
  const lags: number[] = []
  const start = performance.now()
  const end = start + Math.min(seconds * 1000, atMost(stage, seconds * 1000))
  const changing = startChurn(stage, routes)
  while (performance.now() < end) {
    await pause(SAMPLE_MS)
    samples.push({ minute: (performance.now() - start) / 60_000, mb: (await controllerUsage(stage)).memoryMb })
    const lag = await eventLoopP99Ms(stage)
    if (lag !== undefined) lags.push(lag)
  }
  const changes = await changing.stop()
  const caughtUpMs = await shows(stage, changes.last)
  const after = await controllerUsage(stage)
  const took = (performance.now() - start) / 1000
  const proxyAfter = await proxyUsage(stage)
  const ofProxy =
    proxy === undefined || proxyAfter === undefined
      ? {}
      : {
          proxyCores: (proxyAfter.cpuMs - proxy.cpuMs) / 1000 / took,
          proxyBytesPerChange: (proxyAfter.receivedBytes - proxy.receivedBytes) / (changes.routes + changes.endpoints),
        }
  const result: ChurnResult = {
    routes,
    seconds: took,
    routeChanges: changes.routes,
    endpointChanges: changes.endpoints,
    controllerCores: (after.cpuMs - controller.cpuMs) / 1000 / took,
    ...ofProxy,
    ...(caughtUpMs === undefined ? {} : { caughtUpMs }),
    controllerMbAtStart: controller.memoryMb,
    controllerMbAtEnd: after.memoryMb,
    controllerMbPerMinute: slope(samples.slice(samples.length >> 1)),
    ...(lags.length === 0 ? {} : { eventLoopP99Ms: median(lags) }),
  }
  const kib = result.proxyBytesPerChange === undefined ? '' : `, ${(result.proxyBytesPerChange / 1024).toFixed(1)} KiB a change`
  stage.say(
    `churn at ${routes} routes, ${(changes.routes / took).toFixed(1)} route changes/s: ${result.controllerCores.toFixed(3)} cores, ` +
      `proxy ${result.proxyCores?.toFixed(3) ?? 'included'}, last change after ${caughtUpMs?.toFixed(0) ?? 'never'} ms, ` +
      `${result.controllerMbAtStart.toFixed(0)} to ${result.controllerMbAtEnd.toFixed(0)} MB${kib}`,
  )
  return result
}

/** The slope of a straight line through samples, by least squares. */
export function slope(samples: readonly { readonly minute: number; readonly mb: number }[]): number {
  const mean = (take: (sample: { minute: number; mb: number }) => number): number =>
    samples.reduce((sum, sample) => sum + take(sample), 0) / Math.max(samples.length, 1)
  const minute = mean((sample) => sample.minute)
  const mb = mean((sample) => sample.mb)
  const spread = mean((sample) => (sample.minute - minute) ** 2)
  return spread === 0 ? 0 : mean((sample) => (sample.minute - minute) * (sample.mb - mb)) / spread
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

/** How much later than it should a tick of the controller's event loop comes; undefined where there are no metrics of it. */
async function eventLoopP99Ms(stage: Stage): Promise<number | undefined> {
  const port = stage.peer.eventLoopMetricsPort
  const [pod] = await podsOf(stage.client, stage.peer.controller, stage.signal)
  if (port === undefined || pod === undefined) return undefined
  const text = await read(`http://${pod.address}:${port}/metrics`)
  const [, seconds] = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text) ?? []
  return seconds === undefined ? undefined : Number(seconds) * 1000 - EVENT_LOOP_TICK_MS
}

function read(url: string): Promise<string> {
  return new Promise((resolve) => {
    const request = get(url, { timeout: 2_000 }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve(text))
      response.on('error', () => resolve(''))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(''))
  })
}
