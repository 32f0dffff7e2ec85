/** Two Envoys with static files and one with our default settings, given by our control plane, in front of the same backend. */

import { PER_CPU_CACHES } from '../../envoy/allocator-caches.js'
import type { RoutePacking } from '../../src/xds/translate/packing.js'
import type { AccessLogMode } from '../../src/xds/translate/telemetry/access-log-mode.js'
import {
  cluster,
  endpoint,
  endpoints,
  forward,
  host,
  port as irPort,
  route,
  routeTable,
  translate,
  virtualHost,
} from '../../test/envoy-api/ir-fixtures.js'
import { freePort } from '../../test/support/free-port.js'
import { GROUP, serve } from '../../test/xds/support/fixture.js'
import { startEnvoy } from '../../test/xds/support/real-envoy.js'
import type { ProxyName, Target } from './measure.js'
import { bareProxy, edgeProxy } from './static-config.js'
import { startDirectBackend, startStaticEnvoy } from './static-envoy.js'

/** Hosts that requests are sent to, of those that exist. */
const ASKED = 50

/** What proxies serve, and how they are run. */
export interface ProxyOptions {
  readonly kind: 'exact' | 'wildcard'
  readonly hosts: number
  readonly packing: RoutePacking
  readonly accessLog: AccessLogMode
  /** Whether ours keeps freed memory with processors; the others run as their image starts them. */
  readonly hasPerCpuCaches: boolean
  /** The program that runs all proxies, and the words before their own; none where it is empty. */
  readonly under: readonly string[]
  /** How long they may take until they answer. */
  readonly readyMs: number
}

/** All of them, serving. */
export interface Proxies {
  readonly targets: Readonly<Record<ProxyName, Target>>
  readonly backend: Pick<Target, 'pid'>
  /** Those to ask for. */
  readonly hosts: readonly string[]
}

/** Runs all proxies as long as they are used. Throws when they do not answer in time. */
export async function withProxies<T>(options: ProxyOptions, use: (proxies: Proxies) => Promise<T>): Promise<T> {
  const { kind, hosts: count, packing, accessLog, hasPerCpuCaches, under, readyMs } = options
  const domains = Array.from({ length: count }, (_, index) => (kind === 'exact' ? `h${index}.example.com` : `*.h${index}.example.com`))
  const backendPort = await freePort()
  await using backend = await startDirectBackend(backendPort)
  await using bare = await startStaticEnvoy(await freePort(), bareProxy(domains, backendPort), under)
  await using edge = await startStaticEnvoy(await freePort(), edgeProxy(domains, backendPort), under)
  const boundPort = await freePort()
  const resources = translate(
    {
      ports: [irPort({ boundPort })],
      routeTables: [routeTable()],
      // As an HTTPRoute with a Service becomes it: its rule takes WebSockets as well.
      virtualHosts: domains.map((domain) =>
        virtualHost([route({ action: forward({ upgrades: ['websocket'] }) })], { domain: host(domain) }),
      ),
      clusters: [cluster('a')],
      endpoints: [endpoints('a', endpoint(backendPort))],
    },
    { packing, accessLog },
  )
  await using fixture = await serve(resources)
  const environment = hasPerCpuCaches ? { ...process.env, [PER_CPU_CACHES.name]: PER_CPU_CACHES.value } : process.env
  await using envoy = await startEnvoy({ xds: { port: fixture.port }, under, environment })
  const step = Math.max(1, Math.floor(count / ASKED))
  const asked = domains.filter((_, index) => index % step === 0).slice(0, ASKED)
  const deadline = performance.now() + readyMs
  const isComplete = () => fixture.server.tracker.acknowledgedRevision(GROUP) === fixture.cache.revision(GROUP)
  while (!isComplete() || !(await answers(bare.port, edge.port, boundPort))) {
    if (performance.now() > deadline) throw new Error(`no proxy was ready within ${readyMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  // Awaited here: the proxies end with this function.
  return await use({
    targets: { bare, edge, ours: { pid: envoy.pid, port: boundPort } },
    backend,
    hosts: asked.map((domain) => domain.replace('*', 'www')),
  })
}

/** True when something answers at all of these ports. */
async function answers(...ports: readonly number[]): Promise<boolean> {
  const answered = await Promise.all(
    ports.map((each) =>
      fetch(`http://127.0.0.1:${each}/`).then(
        () => true,
        () => false,
      ),
    ),
  )
  return answered.every((each) => each)
}
