/** The families of addresses that the cluster has, whichever these are: every one is bound, served and sent to. */
import { isIP } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { get } from './support/http.js'
import { apply, fromRunner, kubectl, kubectlJson, type List } from './support/kubectl.js'
import { backendYaml, gatewayYaml, namespaceYaml, readGateway } from './support/site.js'

const NAMESPACE = 'families'
const CLUSTERS = {
  ipv4: { service: '{}', families: [4] },
  ipv6: { service: '{}', families: [6] },
  // Load balancers of this cluster have addresses of one family.
  'dual-stack': { service: '{ type: ClusterIP, ipFamilyPolicy: RequireDualStack }', families: [4, 6] },
} as const
const { service, families } = clusterOf(fromRunner('HEADGATE_CLUSTER_FAMILIES'))

function clusterOf(name: string): (typeof CLUSTERS)[keyof typeof CLUSTERS] {
  if (name in CLUSTERS) return CLUSTERS[name as keyof typeof CLUSTERS]
  throw new Error(`there are no clusters with ${name} addresses`)
}

/** A Service of one family for the backend, and a route of its own. */
const backend = (family: 4 | 6): string => `
apiVersion: v1
kind: Service
metadata: { name: echo-${family}, namespace: ${NAMESPACE} }
spec:
  ipFamilies: [IPv${family}]
  selector: { app: echo }
  ports: [{ port: 80, targetPort: 3000 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: to-${family}, namespace: ${NAMESPACE} }
spec:
  parentRefs: [{ name: web }]
  hostnames: [to-${family}.example.com]
  rules: [{ backendRefs: [{ name: echo-${family}, port: 80 }] }]
`
let addresses: readonly string[]

beforeAll(async () => {
  const config = `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: { name: web, namespace: ${NAMESPACE} }
spec: { replicas: 1, resources: { requests: { cpu: 10m, memory: 32Mi } }, service: ${service} }
`
  const gateway = `${gatewayYaml(NAMESPACE, 'headgate').trimEnd()}
  infrastructure: { parametersRef: { group: headgate.dev, kind: GatewayConfig, name: web } }
`
  await apply([namespaceYaml(NAMESPACE), config, backendYaml(NAMESPACE), gateway, ...families.map(backend)].join('---'))
  await kubectl('rollout', 'status', 'deployment/echo', '--namespace', NAMESPACE, '--timeout=90s')
  await kubectl('wait', 'gateway/web', '--namespace', NAMESPACE, '--for=condition=Programmed', '--timeout=120s')
  addresses = ((await readGateway(NAMESPACE)).status?.addresses ?? []).map(({ value }) => value)
}, 300_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', NAMESPACE, '--wait=false')
})

const answers = (address: string, family: 4 | 6, port?: number): Promise<void> =>
  eventually(async () => expect((await get(address, `to-${family}.example.com`, '/', {}, port)).status).toBe(200), 60_000)

describe('a Gateway', () => {
  it('has an address of each family, and serves at each from endpoints of each', async () => {
    expect(addresses.map(isIP).toSorted()).toEqual(families)
    for (const address of addresses) for (const family of families) await answers(address, family)
  }, 180_000)

  it('has Envoys that listen at all addresses of their pods', async () => {
    const { items } = await kubectlJson<List<{ status: { podIPs: readonly { ip: string }[] } }>>(
      ...['get', 'pods', '--namespace', NAMESPACE, '--selector', 'gateway.networking.k8s.io/gateway-name=web'],
    )
    const bound = items.flatMap(({ status }) => status.podIPs.map(({ ip }) => ip))
    expect(bound.map(isIP).toSorted()).toEqual(families)
    for (const address of bound) for (const family of families) await answers(address, family, 10_080)
  }, 180_000)
})
