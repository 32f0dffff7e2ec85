/** Two nodes, of which each is drained in its turn, and upgrades that reach both: not one request may be lost. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ENVOY_VERSION, REPLACED_ENVOY_VERSION } from '../../envoy/find-envoy.js'
import { eventually } from '../support/eventually.js'
import { answeredDuring } from './support/answered-during.js'
import { apply, CHART, helm, kubectl, kubectlJson, type List } from './support/kubectl.js'
import { answers, gatewayYaml, namespaceYaml, patientBackendYaml, routeYaml, type Site, untilServed } from './support/site.js'

const SYSTEM = 'headgate-system'
const NAMESPACE = 'nodes'
const ENVOYS = 'gateway.networking.k8s.io/gateway-name=web'
const CONTROLLERS = 'app.kubernetes.io/name=headgate,app.kubernetes.io/component=controller'
const DRAIN_SECONDS = 300

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string }
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly image: string }[] }
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

let site: Site
let nodes: readonly string[]

beforeAll(async () => {
  nodes = (await kubectl('get', 'nodes', '--output', 'jsonpath={.items[*].metadata.name}')).split(' ')
  expect(nodes).toHaveLength(2)
  const host = `${NAMESPACE}.example.com`
  const yaml = [
    namespaceYaml(NAMESPACE),
    patientBackendYaml(NAMESPACE),
    gatewayYaml(NAMESPACE, 'headgate'),
    routeYaml(NAMESPACE, 'web', host),
  ]
  await apply(yaml.join('---'))
  site = await untilServed(NAMESPACE, host)
}, 300_000)

afterAll(async () => {
  for (const node of nodes) await kubectl('uncordon', node)
  await kubectl('delete', 'namespace', NAMESPACE, '--wait=false')
})

/** Pods that are ready and shall stay. */
async function readyPods(namespace: string, selector: string): Promise<readonly Pod[]> {
  const { items } = await kubectlJson<List<Pod>>('get', 'pods', '--namespace', namespace, '--selector', selector)
  const isReady = ({ status }: Pod): boolean => (status.conditions ?? []).some((each) => each.type === 'Ready' && each.status === 'True')
  return items.filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined)
}

/** Where each of these pods is. */
async function places(namespace: string, selector: string): Promise<readonly (string | undefined)[]> {
  return (await readyPods(namespace, selector)).map(({ spec }) => spec.nodeName).toSorted()
}

const withoutLoss = (disturb: () => Promise<unknown>): Promise<void> => answeredDuring(site, disturb)

/** Upgrades the release, and waits until the Envoys of the Gateway are two with this image, and no others. */
async function upgrade(image: string, ...more: readonly string[]): Promise<void> {
  await helm('upgrade', 'headgate', CHART, '--namespace', SYSTEM, '--reuse-values', '--wait', '--timeout', '180s', ...more)
  await eventually(async () => {
    const { items } = await kubectlJson<List<Pod>>('get', 'pods', '--namespace', NAMESPACE, '--selector', ENVOYS)
    expect(items.map(({ spec }) => spec.containers[0]?.image)).toEqual([image, image])
    expect(await readyPods(NAMESPACE, ENVOYS)).toHaveLength(2)
  }, 240_000)
}

describe('two nodes', () => {
  it('have an Envoy of the Gateway each, and one controller at least', async () => {
    await eventually(async () => expect(await places(NAMESPACE, ENVOYS)).toEqual(nodes), 60_000)
    expect([...new Set(await places(SYSTEM, CONTROLLERS))]).toEqual(nodes)
  })

  it.each([0, 1])(
    'may be drained without a lost request: number %i',
    async (at) => {
      const drained = `${nodes[at]}`
      const other = `${nodes[1 - at]}`
      await withoutLoss(async () => {
        await kubectl('drain', drained, '--ignore-daemonsets', '--delete-emptydir-data', `--timeout=${DRAIN_SECONDS}s`)
        await eventually(async () => {
          expect(await places(NAMESPACE, ENVOYS)).toEqual([other, other])
          expect(await places(SYSTEM, CONTROLLERS)).toEqual([other, other, other])
        }, 120_000)
        // What moved serves new configuration.
        await apply(routeYaml(NAMESPACE, `after-${at}`, `after-${at}.example.com`))
        await answers({ address: site.address, host: `after-${at}.example.com` }, 60_000)
        await kubectl('uncordon', drained)
      })
    },
    600_000,
  )

  it('get another Envoy by the class without a lost request, on both of them', async () => {
    const image = `docker.io/envoyproxy/envoy:distroless-v${REPLACED_ENVOY_VERSION}`
    await withoutLoss(() => upgrade(image, '--set', `gatewayClass.config.image=${image}`))
    expect(await places(NAMESPACE, ENVOYS)).toEqual(nodes)
  }, 500_000)

  it('get another Envoy and other controllers by an upgrade of the chart without a lost request, on both of them', async () => {
    const image = `docker.io/envoyproxy/envoy:distroless-v${ENVOY_VERSION}`
    await withoutLoss(() => upgrade(image, '--set', `gatewayClass.config.image=${image},log.level=debug`))
    expect(await places(NAMESPACE, ENVOYS)).toEqual(nodes)
    expect([...new Set(await places(SYSTEM, CONTROLLERS))]).toEqual(nodes)
  }, 500_000)
})
