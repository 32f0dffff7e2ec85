/** Gateways of a class that share one fleet of Envoys, with one address for all or one for each. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { apply, conditionsOf, type Gateway, kubectl, kubectlJson, type List } from './support/kubectl.js'
import { startLoad } from './support/load.js'
import { answers, backendYaml, namespaceYaml } from './support/site.js'

const SYSTEM = 'headgate-system'
const NAMESPACES = ['merge-a', 'merge-b'] as const
const CLASSES = { shared: 'SharedAddress', apart: 'OwnAddresses' } as const

const classYaml = (name: keyof typeof CLASSES): string => `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: { name: ${name}, namespace: ${SYSTEM} }
spec: { mergeGateways: ${CLASSES[name]}, replicas: 2, resources: { requests: { cpu: 10m, memory: 32Mi } }, drain: { minimumSeconds: 2, maximumSeconds: 10 } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: ${name} }
spec:
  controllerName: headgate.dev/gateway-controller
  parametersRef: { group: headgate.dev, kind: GatewayConfig, name: ${name}, namespace: ${SYSTEM} }
`
const gatewayYaml = (namespace: string, gatewayClass: string, hostname?: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${gatewayClass}, namespace: ${namespace} }
spec:
  gatewayClassName: ${gatewayClass}
  listeners: [{ name: http, protocol: HTTP, port: 80${hostname === undefined ? '' : `, hostname: ${hostname}`} }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${gatewayClass}, namespace: ${namespace} }
spec:
  parentRefs: [{ name: ${gatewayClass} }]
  hostnames: [${namespace}.example.com]
  rules: [{ backendRefs: [{ name: echo, port: 80 }] }]
`

beforeAll(async () => {
  await apply([...NAMESPACES.map(namespaceYaml), ...NAMESPACES.map(backendYaml), classYaml('shared'), classYaml('apart')].join('---'))
  for (const namespace of NAMESPACES) await kubectl('rollout', 'status', 'deployment/echo', '--namespace', namespace, '--timeout=90s')
}, 240_000)

afterAll(async () => {
  await kubectl('delete', 'gatewayclass', ...Object.keys(CLASSES), '--wait=false')
  await kubectl('delete', 'gatewayconfig', ...Object.keys(CLASSES), '--namespace', SYSTEM, '--wait=false')
  await kubectl('delete', 'namespace', ...NAMESPACES, '--wait=false')
})

const read = (namespace: string, name: string): Promise<Gateway> => kubectlJson<Gateway>('get', 'gateway', name, '--namespace', namespace)

async function programmed(namespace: string, name: string): Promise<string> {
  await kubectl('wait', `gateway/${name}`, '--namespace', namespace, '--for=condition=Programmed', '--timeout=120s')
  return (await read(namespace, name)).status?.addresses?.[0]?.value ?? ''
}

const fleets = async (gatewayClass: string): Promise<readonly string[]> => {
  const { items } = await kubectlJson<List<{ metadata: { name: string; namespace: string } }>>(
    ...['get', 'deployments', '--all-namespaces', '--selector', `headgate.dev/merged-class=${gatewayClass}`],
  )
  return items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
}

describe('Gateways that share an address', () => {
  it('are served by one fleet, and one of them goes without a lost request of the other', async () => {
    await apply(
      [gatewayYaml('merge-a', 'shared', 'merge-a.example.com'), gatewayYaml('merge-b', 'shared', 'merge-b.example.com')].join('---'),
    )
    const [a, b] = [await programmed('merge-a', 'shared'), await programmed('merge-b', 'shared')]
    expect(a).not.toBe('')
    expect(b).toBe(a)
    expect(await fleets('shared')).toEqual([`${SYSTEM}/headgateclass-shared`])
    for (const namespace of NAMESPACES) await answers({ address: a, host: `${namespace}.example.com` }, 60_000)

    const load = startLoad(a, 80, 'merge-a.example.com')
    await eventually(() => expect(load.answered()).toBeGreaterThan(50), 30_000)
    await kubectl('delete', 'gateway', 'shared', '--namespace', 'merge-b')
    const before = load.answered()
    await eventually(() => expect(load.answered()).toBeGreaterThan(before + 200), 60_000)
    expect((await load.stop()).failures).toEqual([])
  }, 300_000)

  it('leave a host to the older one', async () => {
    await apply(gatewayYaml('merge-b', 'shared', 'merge-a.example.com'))
    await eventually(async () => expect(conditionsOf(await read('merge-b', 'shared'))).toContain('Accepted=False'), 60_000)
    expect(conditionsOf(await read('merge-a', 'shared'))).toContain('Programmed=True')
  }, 120_000)

  it('leave nothing behind when the last one goes', async () => {
    for (const namespace of NAMESPACES) await kubectl('delete', 'gateway', 'shared', '--namespace', namespace)
    await eventually(async () => expect(await fleets('shared')).toEqual([]), 120_000)
  }, 180_000)
})

describe('Gateways that share Envoys and have addresses of their own', () => {
  it('listen on the same port for every host', async () => {
    await apply(NAMESPACES.map((namespace) => gatewayYaml(namespace, 'apart')).join('---'))
    const [a, b] = [await programmed('merge-a', 'apart'), await programmed('merge-b', 'apart')]
    expect(new Set([a, b, '']).size).toBe(3)
    expect(await fleets('apart')).toEqual([`${SYSTEM}/headgateclass-apart`])
    await answers({ address: a, host: 'merge-a.example.com' }, 60_000)
    await answers({ address: b, host: 'merge-b.example.com' }, 60_000)
    await kubectl('delete', 'gateway', 'apart', '--namespace', 'merge-b')
    await answers({ address: a, host: 'merge-a.example.com' })
  }, 300_000)
})
