/** Traffic while everything around it is replaced or fails: not one request may be lost. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { answeredDuring } from './support/answered-during.js'
import { get } from './support/http.js'
import { apply, type Condition, conditionsOf, fromRunner, helm, kubectl, kubectlJson, type List } from './support/kubectl.js'
import { answers, createSite, readGateway, routeYaml, type Site } from './support/site.js'

const SYSTEM = 'headgate-system'
const OUTAGE_MS = 60_000

const run = promisify(execFile)

interface Pod {
  readonly metadata: { readonly name: string }
  readonly status: { readonly conditions?: readonly Condition[] }
}

let site: Site

beforeAll(async () => {
  site = await createSite('e2e', 'headgate')
}, 300_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', 'e2e', '--wait=false')
})

const withoutLoss = (disturb: () => Promise<unknown>): Promise<void> => answeredDuring(site, disturb)

const fleet = async (): Promise<string> =>
  (
    await kubectl(
      ...[
        'get',
        'deployments',
        '--namespace',
        site.namespace,
        '--selector',
        'gateway.networking.k8s.io/gateway-name=web',
        '--output',
        'name',
      ],
    )
  ).trim()

describe('a fleet under load', () => {
  it('passes `helm test`', async () => {
    await expect(helm('test', 'headgate', '--namespace', SYSTEM, '--timeout', '120s')).resolves.toMatch(/Phase:\s+Succeeded/)
  })

  it('has three Envoys that are ready', async () => {
    const { items } = await kubectlJson<List<Pod>>(
      ...['get', 'pods', '--namespace', site.namespace, '--selector', 'gateway.networking.k8s.io/gateway-name=web'],
    )
    expect(items).toHaveLength(3)
    for (const pod of items) expect(conditionsOf(pod)).toContain('Ready=True')
  })

  it('is explained by its controllers', async () => {
    const command = ['node', '/app/dist/gatewayctl.mjs', 'explain', '--gateway', `${site.namespace}/web`, `http://${site.host}/`]
    const printed = await kubectl('exec', 'deployment/headgate', '--namespace', SYSTEM, '--', ...command)
    expect(printed).toContain(`goes to Service/${site.namespace}/echo/80\n`)
    expect(printed).toMatch(/^ +at \S+:3000, \S+:3000$/m)
  })

  it('has of objects the same said about it by every controller, as the leader says it', async () => {
    const command = ['node', '/app/dist/gatewayctl.mjs']
    const route = `httproute/${site.namespace}/web`
    await eventually(async () => {
      for (const pod of await controllers()) {
        const said = await kubectl('exec', pod, '--namespace', SYSTEM, '--', ...command, 'status', '--namespace', site.namespace)
        expect(said).toMatch(/^Gateway +e2e\/web +ok /m)
        expect(said).not.toMatch(/replica/)
        const waited = await kubectl(
          'exec',
          pod,
          '--namespace',
          SYSTEM,
          '--',
          ...command,
          'wait',
          route,
          '--for',
          'delivered',
          '--timeout',
          '5s',
        )
        expect(waited).toContain('is delivered')
      }
    }, 60_000)
  }, 120_000)

  it('loses no request while its Envoys are replaced', async () => {
    const name = await fleet()
    await withoutLoss(async () => {
      await kubectl('rollout', 'restart', name, '--namespace', site.namespace)
      await kubectl('rollout', 'status', name, '--namespace', site.namespace, '--timeout=150s')
    })
  }, 240_000)

  it('loses no request while the controllers are replaced, and says Programmed all the time', async () => {
    const before = (await readGateway(site.namespace)).status?.conditions?.find(({ type }) => type === 'Programmed')
    await withoutLoss(async () => {
      await kubectl('rollout', 'restart', 'deployment/headgate', '--namespace', SYSTEM)
      await kubectl('rollout', 'status', 'deployment/headgate', '--namespace', SYSTEM, '--timeout=150s')
    })
    const after = (await readGateway(site.namespace)).status?.conditions?.find(({ type }) => type === 'Programmed')
    expect(after).toMatchObject({ status: 'True', lastTransitionTime: before?.lastTransitionTime })
  }, 240_000)

  it('keeps conditions right when the leader is killed', async () => {
    // Between two leaders nobody holds it.
    let leader = ''
    await eventually(async () => {
      leader = await leaderPod()
    }, 60_000)
    const before = (await readGateway(site.namespace)).status?.conditions?.find(({ type }) => type === 'Programmed')
    const delivered = await deliveredSince('web')
    expect(delivered).toMatch(/^\d{4}-/)
    await withoutLoss(async () => {
      await kubectl('delete', 'pod', leader, '--namespace', SYSTEM, '--grace-period=0', '--force')
      await apply(routeYaml(site.namespace, 'second', 'second.example.com'))
      await answers({ address: site.address, host: 'second.example.com' }, 60_000)
      await eventually(async () => {
        expect(await conditionsOfRoute('second')).toContainEqual(expect.objectContaining({ type: 'Accepted', status: 'True' }))
      }, 60_000)
    })
    const after = (await readGateway(site.namespace)).status?.conditions?.find(({ type }) => type === 'Programmed')
    expect(after).toMatchObject({ status: 'True', lastTransitionTime: before?.lastTransitionTime })
    expect(await deliveredSince('web')).toBe(delivered)
  }, 240_000)

  it('hands Envoys over from a replica that the API server does not answer to one that it answers', async () => {
    const pods = await proxiesByController()
    const [name = '', proxies = 0] = [...pods].toSorted(([, a], [, b]) => b - a)[0] ?? []
    expect(proxies).toBeGreaterThan(0)
    const address = await kubectl('get', 'pod', name, '--namespace', SYSTEM, '--output', 'jsonpath={.status.podIP}')
    const silence = ['OUTPUT', '--destination', address, '--protocol', 'tcp', '--source-port', '6443', '--jump', 'DROP']
    await withoutLoss(async () => {
      await run('iptables', ['--insert', ...silence])
      try {
        await eventually(async () => expect((await proxiesByController()).get(name)).toBe(0), 120_000)
        await kubectl('wait', `pod/${name}`, '--namespace', SYSTEM, '--for=condition=Ready=false', '--timeout=60s')
        await apply(routeYaml(site.namespace, 'elsewhere', 'elsewhere.example.com'))
        await answers({ address: site.address, host: 'elsewhere.example.com' }, 60_000)
        const asked = Array.from({ length: 30 }, () => get(site.address, 'elsewhere.example.com'))
        for (const { status } of await Promise.all(asked)) expect(status).toBe(200)
      } finally {
        await run('iptables', ['--delete', ...silence])
      }
    })
    await kubectl('wait', `pod/${name}`, '--namespace', SYSTEM, '--for=condition=Ready', '--timeout=60s')
  }, 300_000)

  it('goes on while the API server is away for a minute, and takes up changes afterwards', async () => {
    const apiServer = componentPid('kube-apiserver')
    await withoutLoss(async () => {
      process.kill(apiServer, 'SIGSTOP')
      try {
        await sleep(OUTAGE_MS)
      } finally {
        process.kill(apiServer, 'SIGCONT')
      }
    })
    await eventually(() => apply(routeYaml(site.namespace, 'third', 'third.example.com')), 60_000)
    await answers({ address: site.address, host: 'third.example.com' }, 120_000)
  }, 400_000)
})

async function conditionsOfRoute(name: string): Promise<readonly Condition[]> {
  const route = await kubectlJson<{ status: { parents: readonly { conditions: readonly Condition[] }[] } }>(
    ...['get', 'httproute', name, '--namespace', site.namespace],
  )
  return route.status.parents[0]?.conditions ?? []
}

/** Since when the status says that proxies have a route. */
async function deliveredSince(name: string): Promise<string | undefined> {
  return (await conditionsOfRoute(name)).find(({ type, status }) => type === 'headgate.dev/Delivered' && status === 'True')
    ?.lastTransitionTime
}

/** The pod that holds the lease. The holder names its pod, possibly with more words behind it. */
async function leaderPod(): Promise<string> {
  const { spec } = await kubectlJson<{ spec: { holderIdentity: string } }>('get', 'lease', 'headgate-leader', '--namespace', SYSTEM)
  const names = (await kubectl('get', 'pods', '--namespace', SYSTEM, '--output', 'jsonpath={.items[*].metadata.name}')).split(' ')
  const found = names.find((name) => spec.holderIdentity.includes(name))
  if (found === undefined) throw new Error(`the lease is held by "${spec.holderIdentity}", which is none of ${names.join(', ')}`)
  return found
}

/** The pods of the controller. */
async function controllers(): Promise<readonly string[]> {
  const selector = 'app.kubernetes.io/name=headgate,app.kubernetes.io/component=controller'
  const pods = await kubectl(
    ...['get', 'pods', '--namespace', SYSTEM, '--selector', selector, '--output', 'jsonpath={.items[*].metadata.name}'],
  )
  return pods.split(' ')
}

/** How many Envoys hang on each replica of the controller, as each of them says of all. */
async function proxiesByController(): Promise<ReadonlyMap<string, number>> {
  const names = await controllers()
  const command = ['node', '/app/dist/gatewayctl.mjs', 'proxies', '--output', 'json']
  const said = names.map(async (pod): Promise<readonly number[]> => {
    const proxies: readonly { readonly node: string; readonly replica: string }[] = JSON.parse(
      await kubectl('exec', pod, '--namespace', SYSTEM, '--', ...command),
    )
    const ours = proxies.filter(({ node }) => node.startsWith('e2e/'))
    return names.map((name) => ours.filter(({ replica }) => replica === name).length)
  })
  const [counts = [], ...others] = await Promise.all(said)
  for (const other of others) expect(other).toEqual(counts)
  return new Map(names.map((name, at) => [name, counts[at] ?? 0]))
}

/** The process of a component, as the cluster's scripts noted it. */
function componentPid(name: string): number {
  return Number(readFileSync(join(fromRunner('HEADGATE_CLUSTER_STATE'), 'pid', name), 'utf8').split(' ')[0])
}
