/** A node that is gone from one moment to the next: nobody closes its connections, and for most of a minute its pods count as ready. */
import { execFile } from 'node:child_process'
import { Agent } from 'node:http'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { apply, type Condition, conditionsOf, kubectl, kubectlJson, type List } from './support/kubectl.js'
import { ask, startLoad } from './support/load.js'
import { backendYaml, gatewayYaml, namespaceYaml, readGateway, routeYaml, untilServed } from './support/site.js'

const SYSTEM = 'headgate-system'
const NAMESPACE = 'vanish'
const HOST = 'vanish.example.com'
const LATER = 'later.example.com'
/** The control plane is on the first node. */
const [STAYS, GOES] = ['headgate-node', 'headgate-node-2']
const CONTROLLERS = 'app.kubernetes.io/name=headgate,app.kubernetes.io/component=controller'
const ENVOYS = 'gateway.networking.k8s.io/gateway-name=web'
/** That of an Envoy for the Gateway's port 80. */
const PORT = 10_080

const run = promisify(execFile)

interface Pod {
  readonly metadata: { readonly name: string }
  readonly spec: { readonly nodeName?: string }
  readonly status: { readonly podIP?: string; readonly conditions?: readonly Condition[] }
}

const setLink = (state: 'up' | 'down') => run('ip', ['link', 'set', GOES, state])

beforeAll(async () => {
  const yaml = [namespaceYaml(NAMESPACE), backendYaml(NAMESPACE), gatewayYaml(NAMESPACE, 'headgate'), routeYaml(NAMESPACE, 'web', HOST)]
  await apply(yaml.join('---'))
  // Requests that are under way to a backend on the node go down with it.
  const backendStays = { spec: { template: { spec: { nodeSelector: { 'kubernetes.io/hostname': STAYS } } } } }
  await kubectl('patch', 'deployment/echo', '--namespace', NAMESPACE, '--patch', JSON.stringify(backendStays))
  await untilServed(NAMESPACE, HOST)
}, 300_000)

afterAll(async () => {
  await setLink('up')
  await kubectl('wait', `node/${GOES}`, '--for=condition=Ready', '--timeout=120s')
  await kubectl('delete', 'namespace', NAMESPACE, '--wait=false')
}, 150_000)

async function podsOn(node: string, namespace: string, selector: string): Promise<readonly Pod[]> {
  const { items } = await kubectlJson<List<Pod>>('get', 'pods', '--namespace', namespace, '--selector', selector)
  return items.filter((pod) => pod.spec.nodeName === node && conditionsOf(pod).includes('Ready=True'))
}

async function envoyOn(node: string): Promise<{ readonly name: string; readonly address: string }> {
  const [pod] = await podsOn(node, NAMESPACE, ENVOYS)
  if (pod?.status.podIP === undefined) throw new Error(`no Envoy of the Gateway is ready on ${node}`)
  return { name: pod.metadata.name, address: pod.status.podIP }
}

/** Sends an Envoy to the controllers of a node: whichever has it elsewhere ends. */
async function sendTo(node: string, envoy: string): Promise<void> {
  await eventually(async () => {
    const there = (await podsOn(node, SYSTEM, CONTROLLERS)).map(({ metadata }) => metadata.name)
    const command = ['exec', `${there[0]}`, '--namespace', SYSTEM, '--', 'node', '/app/dist/gatewayctl.mjs', 'proxies', '--output', 'json']
    const proxies: readonly { readonly node: string; readonly replica: string }[] = JSON.parse(await kubectl(...command))
    const replica = proxies.find((proxy) => proxy.node.includes(envoy))?.replica ?? ''
    if (replica !== '' && !there.includes(replica)) await kubectl('delete', 'pod', replica, '--namespace', SYSTEM, '--wait=false')
    expect(there).toContain(replica)
  }, 120_000)
}

const programmed = async (): Promise<Condition | undefined> =>
  (await readGateway(NAMESPACE)).status?.conditions?.find(({ type }) => type === 'Programmed')

/** Resolves when an Envoy answers for the host. */
const served = (address: string, host: string, withinMs: number): Promise<void> =>
  eventually(async () => expect(await ask(new Agent(), address, PORT, host)).toBe(200), withinMs)

describe('a node that vanishes', () => {
  it('leaves the Envoys elsewhere serving, with what changes, though the controller of one was there', async () => {
    const envoy = await envoyOn(STAYS)
    const before = await programmed()
    await sendTo(GOES, envoy.name)
    const load = startLoad(envoy.address, PORT, HOST)
    try {
      await eventually(() => expect(load.answered()).toBeGreaterThan(50), 30_000)
      await setLink('down')
      await apply(routeYaml(NAMESPACE, 'later', LATER))
      // 20 s until the controller is missed, 3 s for each try that the cluster sends to one that is gone too.
      await served(envoy.address, LATER, 50_000)
      await eventually(async () => {
        const route = await kubectlJson<{ status?: { parents: readonly { conditions: readonly Condition[] }[] } }>(
          ...['get', 'httproute', 'later', '--namespace', NAMESPACE],
        )
        const conditions = (route.status?.parents[0]?.conditions ?? []).map(({ type, status }) => `${type}=${status}`)
        expect(conditions).toEqual(expect.arrayContaining(['Accepted=True', 'headgate.dev/Delivered=True']))
      }, 60_000)
      await kubectl('wait', `node/${GOES}`, '--for=condition=Ready=Unknown', '--timeout=120s')
      expect(await programmed()).toMatchObject({ status: 'True', lastTransitionTime: before?.lastTransitionTime })
    } finally {
      await setLink('up')
      expect((await load.stop()).failures).toEqual([])
    }
  }, 400_000)

  it('finds its Envoy with all that has changed when it is back', async () => {
    await eventually(async () => expect(await envoyOn(GOES)).toBeDefined(), 150_000)
    await served((await envoyOn(GOES)).address, LATER, 60_000)
  }, 240_000)
})
