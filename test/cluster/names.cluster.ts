/** What is made for a Gateway under other names and on other ports, with a scaler, in a real cluster. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { get } from './support/http.js'
import { apply, conditionsOf, kubectl, kubectlJson, type List } from './support/kubectl.js'
import { startLoad } from './support/load.js'
import { answers, backendYaml, gatewayYaml, namespaceYaml, readGateway, routeYaml, type Site, untilServed } from './support/site.js'

const NAMESPACE = 'names'
const ENVOYS = 'gateway.networking.k8s.io/gateway-name=web'

let site: Site

const config = (more: string): string => `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: { name: web, namespace: ${NAMESPACE} }
spec:
  resources: { requests: { cpu: 10m, memory: 32Mi } }
  useListenerPortAsContainerPort: true
  autoscaling: { minReplicas: 2, maxReplicas: 2 }
  ${more}
`

const made = async (kinds: string): Promise<readonly string[]> =>
  (await kubectl('get', kinds, '--namespace', NAMESPACE, '--selector', ENVOYS, '--output', 'name')).split('\n').filter(Boolean).toSorted()

beforeAll(async () => {
  const host = `${NAMESPACE}.example.com`
  const gateway = `${gatewayYaml(NAMESPACE, 'headgate').trimEnd()}
  infrastructure: { parametersRef: { group: headgate.dev, kind: GatewayConfig, name: web } }
`
  await apply([namespaceYaml(NAMESPACE), config(''), backendYaml(NAMESPACE), gateway, routeYaml(NAMESPACE, 'web', host)].join('---'))
  site = await untilServed(NAMESPACE, host)
}, 300_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', NAMESPACE, '--wait=false')
})

describe('a Gateway whose Envoys bind the ports of listeners', () => {
  it('is answered on them by the pods themselves, under the restricted Pod Security Standard', async () => {
    const { items } = await kubectlJson<List<{ status: { podIP: string } }>>('get', 'pods', '--namespace', NAMESPACE, '--selector', ENVOYS)
    expect(items.length).toBeGreaterThan(0)
    for (const { status } of items) expect((await get(status.podIP, site.host)).status).toBe(200)
    const port = await kubectl(
      'get',
      'service',
      'headgate-web',
      '--namespace',
      NAMESPACE,
      '--output',
      'jsonpath={.spec.ports[0].targetPort}',
    )
    expect(port).toBe('80')
  })

  it('is found by its scaler', async () => {
    await eventually(async () => {
      const scaler = await kubectlJson<Parameters<typeof conditionsOf>[0]>('get', 'hpa', 'headgate-web', '--namespace', NAMESPACE)
      expect(conditionsOf(scaler)).toContain('AbleToScale=True')
    }, 60_000)
  })
})

describe('a Gateway that is asked to bind the ports of listeners while it serves', () => {
  it('serves again when its Envoys are replaced: those that may not bind them do not speak for those that may', async () => {
    const ofLate = (yaml: string): string => yaml.replaceAll('name: web', 'name: late')
    const late = { namespace: NAMESPACE, host: 'late.example.com' }
    const gateway = `${ofLate(gatewayYaml(NAMESPACE, 'headgate')).trimEnd()}
  infrastructure: { parametersRef: { group: headgate.dev, kind: GatewayConfig, name: late } }
`
    const route = ofLate(routeYaml(NAMESPACE, 'late', late.host))
    await apply([ofLate(config('')).replace('Port: true', 'Port: false'), gateway, route].join('---'))
    await kubectl('wait', 'gateway/late', '--namespace', NAMESPACE, '--for=condition=Programmed', '--timeout=120s')
    const address = await kubectl('get', 'gateway', 'late', '--namespace', NAMESPACE, '--output', 'jsonpath={.status.addresses[0].value}')
    await answers({ ...late, address })
    await apply(ofLate(config('')))
    await kubectl('rollout', 'status', 'deployment/headgate-late', '--namespace', NAMESPACE, '--timeout=120s')
    await answers({ ...late, address })
    expect(conditionsOf(await readGateway(NAMESPACE, 'late'))).toContain('Programmed=True')
    await kubectl('delete', 'gateway', 'late', '--namespace', NAMESPACE)
  }, 300_000)
})

describe('names', () => {
  it('change without a lost request', async () => {
    const load = startLoad(site.address, 80, site.host)
    await eventually(() => expect(load.answered()).toBeGreaterThan(50), 30_000)
    await apply(config('names: { workload: edge, serviceAccount: edge, autoscaler: edge }'))
    await eventually(async () => {
      expect(await made('deployments,serviceaccounts,horizontalpodautoscalers')).toEqual([
        'deployment.apps/edge',
        'horizontalpodautoscaler.autoscaling/edge',
        'serviceaccount/edge',
      ])
    }, 150_000)
    const before = load.answered()
    await eventually(() => expect(load.answered()).toBeGreaterThan(before + 50), 60_000)
    expect((await load.stop()).failures).toEqual([])
    expect(conditionsOf(await readGateway(NAMESPACE))).toContain('Programmed=True')
  }, 300_000)

  it('of what somebody else made are not taken over, and the Gateway says so', async () => {
    const service = `{ apiVersion: v1, kind: Service, metadata: { name: mine, namespace: ${NAMESPACE} }, spec: { ports: [{ port: 9 }] } }`
    await apply(service)
    await apply(config('names: { workload: edge, serviceAccount: edge, autoscaler: edge, service: mine }'))
    await eventually(async () => {
      const { status } = await readGateway(NAMESPACE)
      expect((status?.conditions ?? []).map(({ message }) => message).join()).toContain(
        `Service/${NAMESPACE}/mine belongs to somebody else`,
      )
    }, 60_000)
    const port = await kubectl('get', 'service', 'mine', '--namespace', NAMESPACE, '--output', 'jsonpath={.spec.ports[0].port}')
    expect(port).toBe('9')
    expect((await get(site.address, site.host)).status).toBe(200)
    await apply(config('names: { workload: edge, serviceAccount: edge, autoscaler: edge }'))
    await eventually(async () => expect(conditionsOf(await readGateway(NAMESPACE))).toContain('Programmed=True'), 60_000)
  }, 180_000)
})
