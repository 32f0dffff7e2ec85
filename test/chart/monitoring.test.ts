/** Alerts and dashboards ask for metrics that exist. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { createMetrics } from '../../src/telemetry/metrics.js'
import { BUILD_TIMEOUT_MS, CHART, Helm } from './helm.js'

/** Names of metrics that the controller itself exports; those of Envoy begin with `envoy_`. */
const OURS = /\b(?:headgate|nodejs|process)_[a-z0-9_]+\b/g

interface RuleSpec {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[]
}

let exported: ReadonlySet<string>
let helm: Helm
beforeAll(async () => {
  helm = await Helm.find()
  const metrics = createMetrics('0.0.0')
  metrics.exportCounts({ objects: () => [], encodes: new Map(), responses: new Map(), bytes: new Map() })
  const text = await metrics.registry.metrics()
  const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => ({ name, type }))
  exported = new Set(
    families.flatMap(({ name, type }) => (type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])),
  )
}, BUILD_TIMEOUT_MS)

describe('monitoring', () => {
  it('alerts on metrics that the controller exports', async () => {
    const rules = await helm.render('--set', 'metrics.prometheusRule.enabled=true', '--show-only', 'templates/prometheusrule.yaml')
    const asked = rules.split('\n').flatMap((line) => (line.trim().startsWith('expr:') ? (line.match(OURS) ?? []) : []))
    expect(asked.length).toBeGreaterThan(0)
    expect(asked.filter((name) => !exported.has(name))).toEqual([])
  })

  it.each([
    { what: 'with the PodMonitor of the chart', isScraped: true, want: ['HeadgateEnvoyDisconnected', 'HeadgateCertificateExpires'] },
    { what: 'without it', isScraped: false, want: [] },
  ])('alerts on no Envoys of others: on those of Gateways $what', async ({ isScraped, want }) => {
    const objects = await helm.objects('--set', `metrics.prometheusRule.enabled=true,metrics.podMonitor.enabled=${isScraped}`)
    const spec = objects.find(({ kind }) => kind === 'PrometheusRule')?.spec as RuleSpec | undefined
    const ofEnvoys = (spec?.groups ?? []).flatMap(({ rules }) => rules).filter(({ expr }) => expr.includes('envoy_'))
    expect(ofEnvoys.map(({ alert }) => alert)).toEqual(want)
    // As the operator calls what a PodMonitor scrapes.
    const monitor = objects.find(({ kind }) => kind === 'PodMonitor')?.metadata
    for (const { expr } of ofEnvoys) expect(expr).toContain(`{job="${monitor?.namespace}/${monitor?.name}"}`)
  })

  it('draws metrics that the controller exports', () => {
    const dashboard: { readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[] } = JSON.parse(
      readFileSync(join(CHART, 'dashboards', 'headgate.json'), 'utf8'),
    )
    const asked = dashboard.panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => expr.match(OURS) ?? []))
    expect(asked.length).toBeGreaterThan(0)
    expect(asked.filter((name) => !exported.has(name))).toEqual([])
  })

  it('ships the dashboard where the Grafana sidecar looks for it', async () => {
    const objects = await helm.objects('--set', 'metrics.dashboards.enabled=true', '--show-only', 'templates/dashboard.yaml')
    expect(objects).toHaveLength(1)
    expect(objects[0]?.metadata.labels).toMatchObject({ grafana_dashboard: '1' })
    expect(JSON.parse(objects[0]?.data?.['headgate.json'] ?? '')).toHaveProperty('title', 'Headgate')
  })
})
