/** Installing, upgrading and removing: what stays, what goes. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { apply, CHART, fromRunner, helm, kubectl } from './support/kubectl.js'
import { startLoad } from './support/load.js'
import { answers, createSite, routeYaml, type Site } from './support/site.js'

const SYSTEM = 'headgate-life'
const values = [
  ...['--set', `image.tag=${fromRunner('HEADGATE_TAG')},replicaCount=1,controllerName=headgate.dev/life,gatewayClass.name=life`],
  // A label that every namespace has.
  ...['--set-string', 'watch.selector=kubernetes.io/metadata.name=life'],
  ...['--set', 'resources.requests.cpu=50m,gatewayClass.config.resources.requests.cpu=10m'],
]
const install = ['--namespace', SYSTEM, '--create-namespace', '--wait', '--timeout', '150s', ...values]

let site: Site

beforeAll(async () => {
  await apply('{ apiVersion: v1, kind: Namespace, metadata: { name: life } }')
  await helm('install', 'life', CHART, ...install)
  site = await createSite('life', 'life')
}, 300_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', 'life', SYSTEM, '--ignore-not-found', '--wait=false')
})

const owned = async (): Promise<readonly string[]> => {
  const kinds = 'deployments,daemonsets,services,serviceaccounts,configmaps,pods,horizontalpodautoscalers,poddisruptionbudgets'
  const selector = 'gateway.networking.k8s.io/gateway-name=web'
  return (await kubectl('get', kinds, '--namespace', 'life', '--selector', selector, '--output', 'name')).split('\n').filter(Boolean)
}

describe('the life of an installation', () => {
  it('loses no request in an upgrade that changes the Envoys', async () => {
    const load = startLoad(site.address, 80, site.host)
    await eventually(() => expect(load.answered()).toBeGreaterThan(50), 30_000)
    // As docs/install.md has it.
    await kubectl('apply', '--server-side', '--force-conflicts', '--filename', join(CHART, 'crds'))
    await helm('upgrade', 'life', CHART, ...install, '--set', 'gatewayClass.config.logLevel=info,log.level=debug')
    await eventually(async () => {
      const args = await kubectl(
        'get',
        'deployments',
        '--namespace',
        'life',
        '--output',
        'jsonpath={.items[*].spec.template.spec.containers[0].args}',
      )
      expect(args).toContain('info')
    }, 60_000)
    const fleet = (await owned()).find((name) => name.startsWith('deployment'))
    await kubectl('rollout', 'status', `${fleet}`, '--namespace', 'life', '--timeout=120s')
    await eventually(async () => expect((await owned()).filter((name) => name.startsWith('pod/'))).toHaveLength(1), 90_000)
    const report = await load.stop()
    expect(report.failures).toEqual([])
    // The kubelet showed the key for the drain. Nobody else has it.
    const failed = ['--field-selector', 'reason=FailedPreStopHook', '--output', 'name']
    expect(await kubectl('get', 'events', '--namespace', 'life', ...failed)).toBe('')
    const selector = 'gateway.networking.k8s.io/gateway-name=web'
    const address = await kubectl(
      'get',
      'pods',
      '--namespace',
      'life',
      '--selector',
      selector,
      '--output',
      'jsonpath={.items[0].status.podIP}',
    )
    const ask = async (path: string) => (await fetch(`http://${address}:64001${path}`)).status
    expect([await ask('/drain?maximum=1'), await ask('/ready')]).toEqual([404, 200])
  }, 240_000)

  it('serves on without a controller, and takes up changes when it is back', async () => {
    const load = startLoad(site.address, 80, site.host)
    await kubectl('scale', 'deployment/life-headgate', '--namespace', SYSTEM, '--replicas=0')
    await kubectl(
      'wait',
      'pods',
      '--selector=app.kubernetes.io/component=controller',
      '--namespace',
      SYSTEM,
      '--for=delete',
      '--timeout=60s',
    )
    await apply(routeYaml('life', 'later', 'later.example.com'))
    await kubectl('scale', 'deployment/life-headgate', '--namespace', SYSTEM, '--replicas=1')
    await answers({ address: site.address, host: 'later.example.com' }, 60_000)
    const report = await load.stop()
    expect(report.failures).toEqual([])
  }, 300_000)

  it('leaves nothing behind when the Gateway goes', async () => {
    expect(await owned()).not.toEqual([])
    await kubectl('delete', 'gateway', 'web', '--namespace', 'life')
    await eventually(async () => expect(await owned()).toEqual([]), 120_000)
  }, 180_000)

  it('leaves no object of its own behind when it is uninstalled', async () => {
    await helm('uninstall', 'life', '--namespace', SYSTEM, '--wait')
    const kinds = 'clusterroles,clusterrolebindings,gatewayclasses'
    const left = (await kubectl('get', kinds, '--output', 'name')).split('\n').filter((name) => name.includes('life'))
    expect(left).toEqual([])
  }, 120_000)
})
