/** An installation for some namespaces only, beside one for the whole cluster. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { createForeignAuthority } from '../support/foreign-authority.js'
import { forbiddenRequests, secretRequests } from './support/audit.js'
import { apply, CHART, type Condition, fromRunner, helm, kubectl, kubectlJson } from './support/kubectl.js'
import { createSite, gatewayYaml, namespaceYaml } from './support/site.js'

const SYSTEM = 'headgate-team'
const ACCOUNT = `system:serviceaccount:${SYSTEM}:team-headgate`
const WHOLE_CLUSTER = 'system:serviceaccount:headgate-system:headgate'
// An earlier run, on a cluster that stayed up, has uninstalled it: Helm takes its roles away before its pods end.
const STARTED = new Date()
const AUTHORITY = 'team-authority'
const CONTROLLER = 'headgate.dev/team-controller'

beforeAll(async () => {
  // The authority is one that was there before, as OpenSSL or cert-manager would have made it.
  const { certificate, privateKey } = await createForeignAuthority('O=Team, CN=gateways')
  const authority = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: AUTHORITY, namespace: SYSTEM },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': certificate, 'tls.key': privateKey },
  }
  await apply([namespaceYaml(SYSTEM), namespaceYaml('team-a'), namespaceYaml('team-b'), JSON.stringify(authority)].join('\n---\n'))
  await helm(
    ...['install', 'team', CHART, '--namespace', SYSTEM, '--create-namespace', '--wait', '--timeout', '150s', '--skip-crds'],
    ...['--set', `image.tag=${fromRunner('HEADGATE_TAG')},replicaCount=1,controllerName=${CONTROLLER},gatewayClass.name=team`],
    ...['--set', `watch.namespaces={team-a},resources.requests.cpu=50m,certificates.existingSecret=${AUTHORITY}`],
  )
}, 240_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', 'team-a', 'team-b', '--wait=false')
  await helm('uninstall', 'team', '--namespace', SYSTEM)
  await kubectl('delete', 'namespace', SYSTEM, '--wait=false')
})

/** `yes` or `no`; kubectl ends with 1 for a no. */
async function may(verb: string, resource: string, namespace: string): Promise<string> {
  try {
    return (await kubectl('auth', 'can-i', verb, resource, '--as', ACCOUNT, '--namespace', namespace)).trim()
  } catch (error) {
    return String((error as { stdout?: string }).stdout).trim()
  }
}

describe('an installation for one namespace', () => {
  it.each([
    { verb: 'watch', resource: 'secrets', namespace: 'team-a', answer: 'yes' },
    { verb: 'patch', resource: 'deployments.apps', namespace: 'team-a', answer: 'yes' },
    { verb: 'get', resource: 'secrets', namespace: 'team-b', answer: 'no' },
    { verb: 'list', resource: 'secrets', namespace: 'kube-system', answer: 'no' },
    { verb: 'list', resource: 'httproutes.gateway.networking.k8s.io', namespace: 'team-b', answer: 'no' },
    { verb: 'create', resource: 'deployments.apps', namespace: 'team-b', answer: 'no' },
    { verb: 'create', resource: 'secrets', namespace: 'team-a', answer: 'no' },
    // Where Events about its class are.
    { verb: 'create', resource: 'events.events.k8s.io', namespace: 'default', answer: 'yes' },
    { verb: 'get', resource: 'services', namespace: 'default', answer: 'no' },
  ])('may $verb $resource in $namespace: $answer', async ({ verb, resource, namespace, answer }) => {
    expect(await may(verb, resource, namespace)).toBe(answer)
  })

  it('serves Gateways in its namespace, with the authority that it was given', async () => {
    await expect(createSite('team-a', 'team')).resolves.toMatchObject({ namespace: 'team-a' })
    const secrets = await kubectl('get', 'secrets', '--namespace', SYSTEM, '--field-selector', 'type=kubernetes.io/tls', '--output', 'name')
    expect(secrets.trim()).toBe(`secret/${AUTHORITY}`)
  }, 180_000)

  it('leaves Gateways elsewhere alone', async () => {
    await apply(gatewayYaml('team-b', 'team'))
    // As long as a Gateway in its own namespace took to be noticed, several times over.
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    const made = await kubectl('get', 'deployments,services,serviceaccounts', '--namespace', 'team-b', '--output', 'name')
    expect(made.split('\n').filter((name) => name.includes('web'))).toEqual([])
    const gateway = await kubectlJson<{ status?: { conditions?: readonly { reason: string }[] } }>(
      ...['get', 'gateway', 'web', '--namespace', 'team-b'],
    )
    for (const { reason } of gateway.status?.conditions ?? []) expect(reason).toBe('Pending')
  })

  it.each([
    { set: 'gatewayClass.name=third', says: 'serves the controllerName headgate.dev/gateway-controller already' },
    {
      set: `gatewayClass.name=third,controllerName=${CONTROLLER}`,
      says: `The release ${SYSTEM}/team serves the controllerName ${CONTROLLER}`,
    },
    { set: `gatewayClass.name=third,controllerName=${CONTROLLER},preflight.controllerName=false`, says: '' },
    { set: 'gatewayClass.name=third,controllerName=headgate.dev/third-controller', says: '' },
  ])('has the chart refuse a third that would fight one of them: $set', async ({ set, says }) => {
    const install = helm('install', 'third', CHART, '--namespace', 'default', '--dry-run=server', '--skip-crds', '--set', set)
    if (says === '') await expect(install).resolves.toContain('kind: GatewayClass')
    else await expect(install).rejects.toThrow(says)
  })

  it('never reads a forbidden Secret, whatever refers to it', async () => {
    const secret = (namespace: string, name: string) => `
apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: ${namespace} }
type: kubernetes.io/tls
stringData: { tls.crt: none, tls.key: none }
`
    const grant = `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: all, namespace: team-b }
spec:
  from: [{ group: gateway.networking.k8s.io, kind: Gateway, namespace: team-a }]
  to: [{ group: "", kind: Secret }]
`
    const tls = (name: string, ref: string) =>
      `{ name: ${name}, port: 443, protocol: HTTPS, hostname: ${name}.example.com, tls: { certificateRefs: [{ ${ref} }] } }`
    const gateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: secure, namespace: team-a }
spec:
  gatewayClassName: team
  listeners: [${tls('own', 'name: own')}, ${tls('forbidden', 'name: forbidden, namespace: team-b')}]
`
    const secrets = [secret('team-a', 'own'), secret('team-a', 'unused'), secret('team-b', 'forbidden')]
    await apply([...secrets, grant, gateway].join('---'))
    await eventually(async () => {
      const { status } = await kubectlJson<{
        readonly status?: { readonly listeners?: readonly { readonly name: string; readonly conditions: readonly Condition[] }[] }
      }>('get', 'gateway', 'secure', '--namespace', 'team-a')
      const reasons = (status?.listeners ?? []).map(({ name, conditions }) => [
        name,
        conditions.find(({ type }) => type === 'ResolvedRefs')?.reason,
      ])
      expect(reasons).toEqual([
        ['own', 'InvalidCertificateRef'],
        ['forbidden', 'RefNotPermitted'],
      ])
    }, 60_000)
    // The one that a Gateway names was read, by its name, and no other: neither here nor there.
    const asked = secretRequests(ACCOUNT).filter(({ namespace }) => namespace !== SYSTEM)
    expect(new Set(asked.map(({ namespace, name }) => `${namespace}/${name}`))).toEqual(new Set(['team-a/own']))
  }, 120_000)

  it('reads no Secret that nothing refers to where it watches the whole cluster, either', async () => {
    const asked = secretRequests(WHOLE_CLUSTER)
    expect(asked.length).toBeGreaterThan(0)
    expect(asked.filter(({ verb, name }) => (name === '' && verb !== 'create') || name === 'unused')).toEqual([])
  })

  it('asks for nothing that the roles of the chart do not allow, here and where it watches the whole cluster', () => {
    expect(forbiddenRequests(ACCOUNT, STARTED)).toEqual([])
    expect(forbiddenRequests(WHOLE_CLUSTER, new Date(0))).toEqual([])
  })
})
