/**
 * docs/install.md, followed command by command on a cluster that has nothing yet. Two things stand for the world outside, which the
 * cluster cannot reach: the manifests of the Gateway API are a file, and the image is on the node instead of in a registry.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { get } from './support/http.js'
import { conditionsOf, fromRunner, type Gateway, kubectl, kubectlJson } from './support/kubectl.js'

const REPOSITORY = join(import.meta.dirname, '..', '..')
const PAGE = readFileSync(join(REPOSITORY, 'docs', 'install.md'), 'utf8')
const MANIFESTS = /https:\/\/\S+\/experimental-install\.yaml/
const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { readonly version: string }

/** The blocks of commands under a heading, in their order. */
function blocks(heading: string): readonly string[] {
  const [, section] = PAGE.split(`\n${heading}\n`)
  if (section === undefined) throw new Error(`docs/install.md has no heading "${heading}"`)
  const own = section.split(/^#{2,} /m)[0] ?? ''
  return [...own.matchAll(/^( *)```\n([\s\S]*?)^ *```/gm)].map(([, indent = '', text = '']) =>
    text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )
}

/** A command that stands within a sentence. */
function inline(begin: string): string {
  const [, command] = new RegExp(`\`(${begin}[^\`]*)\``).exec(PAGE) ?? []
  if (command === undefined) throw new Error(`docs/install.md names no command "${begin}"`)
  return command
}

/** Runs commands as somebody does who copies them. Rejects with their standard error. */
async function follow(commands: string, folder = REPOSITORY): Promise<string> {
  const here = commands
    .replace(MANIFESTS, fromRunner('HEADGATE_GATEWAY_API_MANIFESTS'))
    .replaceAll('REGISTRY', fromRunner('HEADGATE_REGISTRY'))
  return (await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', here], { cwd: folder })).stdout
}

const [gatewayApi = '', image = '', chart = '', gateway = ''] = blocks('## Install')
const readGateway = (): Promise<Gateway> => kubectlJson<Gateway>('get', 'gateway', 'web')
const addressOf = async (): Promise<string> => (await readGateway()).status?.addresses?.[0]?.value ?? ''
const serviceType = (): Promise<string> =>
  kubectl('get', 'services', '--selector', 'gateway.networking.k8s.io/gateway-name=web', '--output', 'jsonpath={.items[*].spec.type}')

/** The Gateway has no route: that somebody listens is what an answer says. */
const isServed = (): Promise<void> =>
  eventually(async () => expect((await get(await addressOf(), 'www.example.com')).status).toBe(404), 90_000)

describe('docs/install.md', () => {
  it('begins with a command that the chart asks for where it was left out', async () => {
    const { stderr } = await follow(chart).then(
      () => ({ stderr: '' }),
      (error: { readonly stderr: string }) => error,
    )
    expect(stderr).toContain(gatewayApi.trim())
  }, 60_000)

  it('installs', async () => {
    await follow(gatewayApi)
    expect(image).toContain(`--tag REGISTRY/headgate/headgate:${version} `)
    expect(await follow(chart)).toMatch(/Phase:\s+Succeeded/)
    const shown = await follow(gateway)
    expect(shown).toContain(await addressOf())
    await isServed()
    await eventually(async () => expect(await kubectl('events', '--for', 'gateway/web')).toMatch(/Normal\s+Programmed\s/), 60_000)
  }, 400_000)

  it('shows what the controller knows', async () => {
    expect(await follow(inline('kubectl exec'))).toMatch(/Gateway\/default\/web|default\/web/)
  }, 60_000)

  it('serves where there is no load balancer', async () => {
    const [commands = ''] = blocks('### Gateways without a load balancer')
    await follow(commands)
    await eventually(async () => expect(await serviceType()).toBe('NodePort'), 90_000)
    await eventually(async () => expect(conditionsOf(await readGateway())).toContain('Programmed=True'), 90_000)
    expect(await addressOf()).not.toBe('')
  }, 240_000)

  it('takes an authority of somebody else, and its Envoys go on', async () => {
    const [commands = ''] = blocks('### With an authority of your own')
    // Keys are not left in the clone.
    const folder = mkdtempSync(join(tmpdir(), 'headgate-page-'))
    try {
      symlinkSync(join(REPOSITORY, 'charts'), join(folder, 'charts'))
      await follow(commands, folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
    const listener = JSON.stringify([{ op: 'add', path: '/spec/listeners/-', value: { name: 'more', protocol: 'HTTP', port: 81 } }])
    await kubectl('patch', 'gateway', 'web', '--type=json', '--patch', listener)
    const { metadata } = await kubectlJson<{ metadata: { generation: number } }>('get', 'gateway', 'web')
    // Who says so are Envoys that have it.
    await eventually(async () => {
      const conditions = (await readGateway()).status?.conditions ?? []
      expect(conditions).toContainEqual(
        expect.objectContaining({ type: 'Programmed', status: 'True', observedGeneration: metadata.generation }),
      )
    }, 120_000)
  }, 300_000)

  it('upgrades, keeps what was set, and goes back', async () => {
    const [commands = ''] = blocks('## Upgrade')
    await follow(commands)
    expect(await serviceType()).toBe('NodePort')
    const before = await kubectl('get', 'secret', '--namespace', 'headgate-system', '--selector', 'owner=helm', '--output', 'name')
    await follow(inline('helm rollback'))
    const after = await kubectl('get', 'secret', '--namespace', 'headgate-system', '--selector', 'owner=helm', '--output', 'name')
    expect(after.length).toBeGreaterThan(before.length)
    await kubectl('rollout', 'status', 'deployment/headgate', '--namespace', 'headgate-system', '--timeout=90s')
  }, 300_000)

  it('pauses the controller, and the Envoys serve on', async () => {
    await follow(inline('kubectl scale'))
    await kubectl(
      'wait',
      'pods',
      '--namespace',
      'headgate-system',
      '--selector=app.kubernetes.io/component=controller',
      '--for=delete',
      '--timeout=90s',
    )
    const [envoy = ''] = (
      await kubectl(
        'get',
        'pods',
        '--selector',
        'gateway.networking.k8s.io/gateway-name=web',
        '--output',
        'jsonpath={.items[*].status.podIP}',
      )
    ).split(' ')
    expect((await get(envoy, 'www.example.com', '/', {}, 10_080)).status).toBe(404)
    await kubectl('scale', 'deployment/headgate', '--namespace', 'headgate-system', '--replicas=2')
    await kubectl('rollout', 'status', 'deployment/headgate', '--namespace', 'headgate-system', '--timeout=90s')
  }, 240_000)

  it('uninstalls, and leaves nothing behind', async () => {
    const [commands = ''] = blocks('## Uninstall')
    const [list = '', ...rest] = commands.trim().split('\n')
    expect(await follow(list)).toMatch(/^default\s+web\s/m)
    await kubectl('delete', 'gateway', 'web')
    await eventually(async () => expect(await serviceType()).toBe(''), 90_000)
    await follow(rest.join('\n'))
    const kinds = (await kubectl('api-resources', '--verbs=list', '--output', 'name'))
      .split('\n')
      .filter((kind) => kind !== '' && !kind.startsWith('events'))
    const left = await kubectl('get', kinds.join(','), '--all-namespaces', '--ignore-not-found', '--output', 'name')
    expect(left.split('\n').filter((name) => /headgate/.test(name) && !/^node\/|\/headgate-node$/.test(name))).toEqual([])
  }, 300_000)
})
