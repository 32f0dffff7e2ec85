/** What the API server says to everything that the chart can make, with the real schemas of the kinds of others. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { BUILD_TIMEOUT_MS, CHART, Helm } from '../chart/helm.js'
import { goModuleFolder } from '../support/go-module.js'
import { installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'
import { kubectl } from './support/kubectl.js'

const NAMESPACE = 'headgate-system'
const monitoring = join(goModuleFolder('github.com/prometheus-operator/prometheus-operator@v0.85.0'), 'example', 'prometheus-operator-crd')
const certManager = join(goModuleFolder('github.com/cert-manager/cert-manager@v1.21.2'), 'deploy', 'crds')
const CRDS = [
  join(CHART, 'crds'),
  ...['servicemonitors', 'podmonitors', 'prometheusrules'].map((kind) => join(monitoring, `monitoring.coreos.com_${kind}.yaml`)),
  ...['certificates', 'issuers', 'clusterissuers'].map((kind) => join(certManager, `cert-manager.io_${kind}.yaml`)),
].flatMap((file) => ['--filename', file])

let api: KubeApiServer
let helm: Helm

beforeAll(async () => {
  helm = await Helm.find()
  api = await startKubeApiServer()
  await installGatewayApi(api.admin, 'experimental')
  await kubectl(api, ['apply', '--server-side', ...CRDS])
  await kubectl(api, ['wait', '--for=condition=Established', '--timeout=60s', ...CRDS])
  for (const name of [NAMESPACE, 'web', 'shop']) await kubectl(api, ['create', 'namespace', name])
}, BUILD_TIMEOUT_MS + 240_000)

afterAll(async () => {
  await api.stop()
})

/** A line for each object, such as `service/headgate serverside-applied (server dry run)`; unknown fields are refused. */
const accepted = async (values: string): Promise<readonly string[]> => {
  const rendered = await helm.render('--values', join(CHART, 'tests', `${values}.values.yaml`))
  const args = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '--filename', '-']
  return (await kubectl(api, args, rendered)).split('\n').filter(Boolean)
}

it.each([
  { values: 'defaults', kinds: ['deployment.apps', 'gatewayclass.gateway.networking.k8s.io'] },
  { values: 'namespaced', kinds: ['deployment.apps', 'role.rbac.authorization.k8s.io'] },
  { values: 'rate-limits', kinds: ['deployment.apps'] },
  {
    values: 'everything',
    kinds: [
      ...['certificate.cert-manager.io', 'servicemonitor.monitoring.coreos.com', 'podmonitor.monitoring.coreos.com'],
      ...['prometheusrule.monitoring.coreos.com', 'horizontalpodautoscaler.autoscaling', 'networkpolicy.networking.k8s.io'],
      ...['poddisruptionbudget.policy', 'gatewayconfig.headgate.dev'],
    ],
  },
])('takes what the chart makes of the values $values', async ({ values, kinds }) => {
  const lines = await accepted(values)
  expect(kinds.filter((kind) => !lines.some((line) => line.startsWith(`${kind}/`)))).toEqual([])
})
