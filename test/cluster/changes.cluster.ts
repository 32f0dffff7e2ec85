/** Changes of the fleet and of the cluster around it under load: no request may be lost, and what is said stays true. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { REPLACED_ENVOY_VERSION } from '../../envoy/find-envoy.js'
import { eventually } from '../support/eventually.js'
import { answeredDuring } from './support/answered-during.js'
import { get } from './support/http.js'
import { apply, type Condition, fromRunner, kubectl, kubectlJson, type List } from './support/kubectl.js'
import { answers, backendYaml, gatewayYaml, namespaceYaml, readGateway, routeYaml, type Site, untilServed } from './support/site.js'

const SYSTEM = 'headgate-system'
const NAMESPACE = 'changes'
const ENVOYS = 'gateway.networking.k8s.io/gateway-name=web'
const CONTROLLERS = 'app.kubernetes.io/component=controller'

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string }
  readonly status: { readonly podIP?: string; readonly conditions?: readonly Condition[] }
}

let site: Site

const config = (more: string): string => `
apiVersion: headgate.dev/v1alpha1
kind: GatewayConfig
metadata: { name: web, namespace: ${NAMESPACE} }
spec: { resources: { requests: { cpu: 10m, memory: 32Mi } }, ${more} }
`

beforeAll(async () => {
  const host = `${NAMESPACE}.example.com`
  const gateway = `${gatewayYaml(NAMESPACE, 'headgate').trimEnd()}
  infrastructure: { parametersRef: { group: headgate.dev, kind: GatewayConfig, name: web } }
`
  await apply(
    [namespaceYaml(NAMESPACE), config('replicas: 3'), backendYaml(NAMESPACE), gateway, routeYaml(NAMESPACE, 'web', host)].join('---'),
  )
  site = await untilServed(NAMESPACE, host)
}, 300_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', NAMESPACE, '--wait=false')
})

const podsOf = async (namespace: string, selector: string): Promise<readonly Pod[]> => {
  const { items } = await kubectlJson<List<Pod>>('get', 'pods', '--namespace', namespace, '--selector', selector)
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}
const isReady = ({ status }: Pod): boolean => (status.conditions ?? []).some((each) => each.type === 'Ready' && each.status === 'True')
const programmed = async (): Promise<Condition | undefined> =>
  (await readGateway(NAMESPACE)).status?.conditions?.find(({ type }) => type === 'Programmed')

/** Does something under load and expects that every request was answered, and that the Gateway was programmed all the time. */
async function withoutLoss(disturb: () => Promise<unknown>): Promise<void> {
  const before = await programmed()
  await answeredDuring(site, disturb)
  expect(await programmed()).toMatchObject({ status: 'True', lastTransitionTime: before?.lastTransitionTime })
}

describe('a fleet whose GatewayConfig changes', () => {
  it('loses no request when it is scaled down and up again', async () => {
    await eventually(async () => expect((await podsOf(NAMESPACE, ENVOYS)).filter(isReady)).toHaveLength(3), 120_000)
    for (const replicas of [1, 3]) {
      await withoutLoss(async () => {
        await apply(config(`replicas: ${replicas}`))
        await eventually(async () => {
          const { items } = await kubectlJson<List<Pod>>('get', 'pods', '--namespace', NAMESPACE, '--selector', ENVOYS)
          expect(items.filter(isReady)).toHaveLength(replicas)
          expect(items).toHaveLength(replicas)
        }, 120_000)
      })
    }
  }, 400_000)

  it('loses no request when Envoy is replaced by an older version, and that by the newest', async () => {
    const builds = async (): Promise<readonly string[]> =>
      Promise.all((await podsOf(NAMESPACE, ENVOYS)).filter(isReady).map(({ status }) => buildOf(`${status.podIP}`)))
    const [newest = ''] = await builds()
    const older = `, image: "docker.io/envoyproxy/envoy:distroless-v${REPLACED_ENVOY_VERSION}"`
    // Without a word about the image it is the one of the installation again.
    for (const { image, isNewest } of [
      { image: older, isNewest: false },
      { image: '', isNewest: true },
    ]) {
      await withoutLoss(async () => {
        await apply(config(`replicas: 3${image}`))
        await eventually(async () => {
          const found = await builds()
          expect(found.map((build) => build === newest)).toEqual([isNewest, isNewest, isNewest])
          expect(await podsOf(NAMESPACE, ENVOYS)).toHaveLength(3)
        }, 180_000)
      })
    }
  }, 500_000)
})

/** What the Envoy of a pod says of its build: the beginning of its revision, as a number. */
async function buildOf(address: string): Promise<string> {
  const text = (await get(address, 'stats', '/stats/prometheus', {}, 64_001)).body
  const [, build] = /^envoy_server_version\{[^}]*\} (\d+)$/m.exec(text) ?? []
  if (build === undefined) throw new Error(`the Envoy at ${address} does not say which one it is`)
  return build
}

describe('three replicas with an Envoy on each', () => {
  /** The Envoys of this Gateway that each replica serves, by its pod; those that end are none. */
  const spread = async (): Promise<ReadonlyMap<string, readonly string[]>> => {
    const [replicas, envoys] = await Promise.all([podsOf(SYSTEM, CONTROLLERS), podsOf(NAMESPACE, ENVOYS)])
    const living = new Set(envoys.map(({ metadata }) => `${NAMESPACE}/${metadata.name}`))
    const names = replicas.filter(isReady).map(({ metadata }) => metadata.name)
    const command = ['node', '/app/dist/gatewayctl.mjs', 'proxies', '--output', 'json']
    const proxies: readonly { readonly node: string; readonly replica: string }[] = JSON.parse(
      await kubectl('exec', `${names[0]}`, '--namespace', SYSTEM, '--', ...command),
    )
    const servedBy = (name: string): readonly string[] =>
      proxies.filter(({ node, replica }) => replica === name && living.has(node)).map(({ node }) => node)
    return new Map(names.map((name) => [name, servedBy(name)]))
  }

  it('keep conditions right when the leader is killed', async () => {
    // Which replica an Envoy comes to is chance: of several on one, one comes again until each has its own.
    for (let attempt = 0; attempt < 30; attempt++) {
      await eventually(async () => {
        const served = await spread()
        expect([served.size, [...served.values()].flat().length]).toEqual([3, 3])
      }, 120_000)
      const crowded = [...(await spread()).values()].find((envoys) => envoys.length > 1)
      if (crowded === undefined) break
      const name = `${crowded[0]}`.slice(NAMESPACE.length + 1)
      await kubectl('delete', 'pod', name, '--namespace', NAMESPACE, '--wait=false')
      await eventually(
        async () => expect((await podsOf(NAMESPACE, ENVOYS)).map(({ metadata }) => metadata.name)).not.toContain(name),
        60_000,
      )
      await eventually(async () => expect((await podsOf(NAMESPACE, ENVOYS)).filter(isReady)).toHaveLength(3), 120_000)
    }
    expect([...(await spread()).values()].map((envoys) => envoys.length)).toEqual([1, 1, 1])
    const { spec } = await kubectlJson<{ spec: { holderIdentity: string } }>('get', 'lease', 'headgate-leader', '--namespace', SYSTEM)
    const leader = [...(await spread()).keys()].find((name) => spec.holderIdentity.includes(name))
    await withoutLoss(async () => {
      await kubectl('delete', 'pod', `${leader}`, '--namespace', SYSTEM, '--grace-period=0', '--force')
      await apply(routeYaml(NAMESPACE, 'after', 'after.example.com'))
      await answers({ address: site.address, host: 'after.example.com' }, 90_000)
      await eventually(async () => {
        const route = await kubectlJson<{
          status?: { parents: readonly { readonly conditions: readonly Condition[] }[] }
        }>('get', 'httproute', 'after', '--namespace', NAMESPACE)
        const conditions = (route.status?.parents[0]?.conditions ?? []).map(({ type, status }) => `${type}=${status}`)
        expect(conditions).toEqual(expect.arrayContaining(['Accepted=True', 'headgate.dev/Delivered=True']))
      }, 90_000)
    })
  }, 600_000)
})

describe('CustomResourceDefinitions', () => {
  it('may go, come back and be upgraded: what is served stays, and a kind that came back is read again', async () => {
    const name = 'xbackends.gateway.networking.x-k8s.io'
    await withoutLoss(async () => {
      await kubectl('delete', 'crd', name)
      await apply(routeYaml(NAMESPACE, 'without', 'without.example.com'))
      await answers({ address: site.address, host: 'without.example.com' }, 60_000)
      await kubectl('apply', '--server-side', '--force-conflicts', '-k', fromRunner('HEADGATE_GATEWAY_API_CRDS'))
      await kubectl('wait', '--for=condition=Established', '--timeout=60s', `crd/${name}`)
      await eventually(
        () =>
          apply(`
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: pods, namespace: ${NAMESPACE} }
spec: { type: EndpointSelector, port: { number: 3000 }, endpointSelector: { matchLabels: { app: echo } } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: again, namespace: ${NAMESPACE} }
spec:
  parentRefs: [{ name: web }]
  hostnames: [again.example.com]
  rules: [{ backendRefs: [{ group: gateway.networking.x-k8s.io, kind: XBackend, name: pods }] }]
`),
        60_000,
      )
      await eventually(async () => expect((await get(site.address, 'again.example.com')).status).toBe(200), 120_000)
    })
  }, 400_000)
})
