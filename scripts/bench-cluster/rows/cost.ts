/** What one changed route costs in processor time, and how much memory the controller has. */
import { apply, pause } from '../cluster.js'
import { routeManifest } from '../manifests.js'
import type { CostResult, MemoryResult } from '../result.js'
import { controllerUsage, proxyUsage, type Stage, settle } from '../stage.js'
import { shows } from './shows.js'

const CHANGES = 40
const INTERVAL_MS = 500

/** Changes routes one by one, far enough apart not to share work, and takes off what was used in as much time without changes. */
export async function cost(stage: Stage, routes: number): Promise<CostResult> {
  await settle(stage)
  // Not what an earlier measurement has written already: that would change nothing.
  const version = (change: number): string => `cost-${routes}-${change}`
  const idle = await used(stage, () => pause(CHANGES * INTERVAL_MS * 0.5))
  let isStalled = false
  const busy = await used(stage, async () => {
    for (let change = 0; change < CHANGES; change++) {
      const next = pause(INTERVAL_MS)
      await apply(stage.client, routeManifest(change % routes, version(change)), stage.signal)
      await next
    }
    const last = { route: (CHANGES - 1) % routes, version: version(CHANGES - 1) }
    isStalled = (await shows(stage, last)) === undefined
    await settle(stage)
  })
  const perChange = (take: (usage: Used) => number): number =>
    Math.max(0, (take(busy) - (take(idle) / idle.tookMs) * busy.tookMs) / CHANGES)
  const result = {
    routes,
    changes: CHANGES,
    isStalled,
    controllerCpuMsPerChange: perChange(({ controllerMs }) => controllerMs),
    ...(stage.peer.proxies === undefined ? {} : { proxyCpuMsPerChange: perChange(({ proxyMs }) => proxyMs) }),
  }
  const proxy = result.proxyCpuMsPerChange === undefined ? 'which is the proxy' : `proxy ${result.proxyCpuMsPerChange.toFixed(1)} ms`
  const text = `controller ${result.controllerCpuMsPerChange.toFixed(1)} ms, ${proxy}`
  stage.say(`processor time of one changed route at ${routes}: ${text}${isStalled ? ', but the last change did not show' : ''}`)
  return result
}

/** Memory when everything has settled. */
export async function memory(stage: Stage, routes: number): Promise<MemoryResult> {
  await settle(stage)
  const controllerMb = (await controllerUsage(stage)).memoryMb
  const proxyMb = (await proxyUsage(stage))?.memoryMb
  const proxy = proxyMb === undefined ? 'which is the proxy' : `proxy ${proxyMb.toFixed(0)} MB`
  stage.say(`memory at ${routes} routes: controller ${controllerMb.toFixed(0)} MB, ${proxy}`)
  return { routes, controllerMb, ...(proxyMb === undefined ? {} : { proxyMb }) }
}

interface Used {
  readonly tookMs: number
  readonly controllerMs: number
  readonly proxyMs: number
}

async function used(stage: Stage, work: () => Promise<void>): Promise<Used> {
  const start = performance.now()
  const controller = await controllerUsage(stage)
  const proxy = (await proxyUsage(stage))?.cpuMs ?? 0
  await work()
  return {
    controllerMs: (await controllerUsage(stage)).cpuMs - controller.cpuMs,
    proxyMs: ((await proxyUsage(stage))?.cpuMs ?? 0) - proxy,
    tookMs: performance.now() - start,
  }
}
