/** What the admin server answers, by path. */
import { headgateVersion } from '../config/version.js'
import { askAll } from './all-replicas.js'
import { DUMPED_TYPES, type DumpSection, dumpBootstraps, dumpSections } from './dump.js'
import { answerExplain } from './explain.js'
import { type Handler, json, text } from './http-server.js'
import type { AdminSources } from './sources.js'
import { leaderStatus, ownStatus } from './status-report.js'

const SECTIONS = Object.keys(DUMPED_TYPES) as DumpSection[]

/** For people and gatewayctl, on the loopback interface. */
export function adminRoutes(sources: AdminSources): ReadonlyMap<string, Handler> {
  const routes = new Map<string, Handler>([
    ...healthRoutes(sources),
    ...metricsRoutes(sources),
    ['/version', () => json({ version: headgateVersion(), node: process.versions.node })],
    ['/status', () => json(ownStatus(sources))],
    ['/leader/status', async () => json(await leaderStatus(sources))],
    ['/policies', (query) => json(sources.effectivePolicies(query.get('for') ?? undefined))],
    ['/explain', (query) => answerExplain(sources, query)],
    ['/proxies', () => json(sources.proxies())],
    ['/history', () => json(sources.history())],
    ['/replicas/proxies', async (query) => json(await askAll(sources, 'proxies', query))],
    ['/replicas/history', async (query) => json(await askAll(sources, 'history', query))],
    ['/dump/bootstrap', () => json(dumpBootstraps(sources))],
    ['/dump/all', () => ({ body: dumpSections(sources.snapshots, SECTIONS) })],
    ...SECTIONS.map((section) => [`/dump/${section}`, () => ({ body: dumpSections(sources.snapshots, [section]) })] as const),
  ])
  routes.set('/', () => text(200, ['Headgate answers here:', ...routes.keys()].join('\n')))
  return routes
}

/** For the probes of the kubelet. */
export function healthRoutes({ health }: Pick<AdminSources, 'health'>): ReadonlyMap<string, Handler> {
  return new Map<string, Handler>([
    ['/healthz', () => (health().live ? text(200, 'ok') : text(503, health().reasons.join('\n')))],
    ['/readyz', () => (health().ready ? text(200, 'ok') : text(503, health().reasons.join('\n')))],
  ])
}

/** For Prometheus. */
export function metricsRoutes({ metrics }: Pick<AdminSources, 'metrics'>): ReadonlyMap<string, Handler> {
  return new Map<string, Handler>([
    [
      '/metrics',
      async () => {
        const { contentType, text: body } = await metrics()
        return { contentType, body }
      },
    ],
  ])
}
