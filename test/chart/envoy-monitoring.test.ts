/** Alerts and the dashboard ask Envoys for statistics that they keep, by labels that these have. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { gateway, httpRoute, to } from '../features/manifests.js'
import { https, secret } from '../features/tls-manifests.js'
import { featureWorld } from '../features/world.js'
import { askProxy } from '../policies/proxy.js'
import { createAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { CHART } from './helm.js'

const world = featureWorld(['a'], async () => {
  const pair = await (await createAuthority()).issue({ dns: ['example.com'] })
  const listeners = `[{name: http, port: 80, protocol: HTTP}, ${https('https', undefined)}]`
  return [secret('cert', pair), gateway('gw', listeners), httpRoute('r', `[{${to('a')}}]`)].join('---')
})

/** Expressions in PromQL of the dashboard and of the alerts. */
function expressions(): readonly string[] {
  const dashboard: { readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[] } = JSON.parse(
    readFileSync(join(CHART, 'dashboards', 'headgate.json'), 'utf8'),
  )
  const alerts = readFileSync(join(CHART, 'templates', 'prometheusrule.yaml'), 'utf8')
  return [
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...[...alerts.matchAll(/"expr" (.*)$/gm)].map(([, expr = '']) => expr),
  ]
}

/** Labels that Prometheus adds when it scrapes, by the chart's monitors. */
const OF_THE_SCRAPE: ReadonlySet<string> = new Set(['le', 'namespace', 'pod', 'gateway_networking_k8s_io_gateway_name'])

it('counts all of that', async () => {
  await world.ask()
  const asked = expressions().flatMap((expr) => {
    const labels = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(',').map((name) => name.trim()))
    const names = [...expr.replaceAll(/by \([^)]*\)|\{[^}]*\}/g, '').matchAll(/\benvoy_[a-z0-9_]+/g)].map(([name]) => name)
    return names.map((name) => ({ name, labels: labels.filter((label) => !OF_THE_SCRAPE.has(label)) }))
  })
  expect(new Set(asked.map(({ name }) => name)).size).toBeGreaterThan(10)
  await eventually(async () => {
    const lines = (await askProxy(world, '/stats/prometheus')).split('\n')
    const missing = asked.filter(
      ({ name, labels }) => !lines.some((line) => line.startsWith(`${name}{`) && labels.every((label) => line.includes(`${label}="`))),
    )
    expect(missing).toEqual([])
  }, 20_000)
}, 60_000)
