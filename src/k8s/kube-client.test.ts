import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { FakeKubeApi } from '../../test/support/fake-kube-api.js'
import { type KubeCredentials, kubeConfigCredentials } from './credentials.js'
import { KubeClient } from './kube-client.js'

const SERVICES = '/api/v1/services'
const never = new AbortController().signal

describe('KubeClient', () => {
  let api: FakeKubeApi
  let client: KubeClient

  beforeEach(async () => {
    api = new FakeKubeApi()
    await api.listen()
    client = new KubeClient(api.credentials, 'headgate/test')
  })

  afterEach(async () => {
    client.close()
    await api.close()
  })

  it('says who it is and what it wants', async () => {
    await client.json({ path: SERVICES, query: { limit: 5, continue: undefined } }, never)
    const seen = api.requests[0]
    expect(seen?.headers).toMatchObject({ 'user-agent': 'headgate/test', authorization: 'Bearer test', accept: 'application/json' })
    expect([...(seen?.query ?? [])]).toEqual([['limit', '5']])
  })

  it('turns a refusal into an error with status, reason and what to do', async () => {
    const message = 'services is forbidden: User "me" cannot list resource "services" in API group "" at the cluster scope'
    api.plan({ status: 403, reason: 'Forbidden', message }, () => true)
    await expect(client.json({ path: SERVICES }, never)).rejects.toMatchObject({
      code: 'KUBE_API',
      status: 403,
      reason: 'Forbidden',
      message: expect.stringContaining('grant this verb'),
    })
  })

  it.each([
    'services "web" is forbidden: exceeded quota: none, requested: services=1, used: services=0, limited: services=0',
    'services "web" is forbidden: unable to create new content in namespace shop because it is being terminated',
    'admission webhook "policy.example.com" denied the request: no label "team"',
  ])('does not ask for rights where it has them, and something else refuses: %s', async (message) => {
    api.plan({ status: 403, reason: 'Forbidden', message }, () => true)
    await expect(client.json({ path: SERVICES }, never)).rejects.toMatchObject({
      status: 403,
      message: expect.not.stringContaining('grant this verb'),
    })
  })

  it('finds an object, or that there is none; what goes wrong otherwise it throws', async () => {
    api.put(SERVICES, { metadata: { namespace: 'shop', name: 'web' } })
    await expect(client.find('/api/v1/namespaces/shop/services/web', never)).resolves.toMatchObject({ metadata: { name: 'web' } })
    await expect(client.find('/api/v1/namespaces/shop/services/none', never)).resolves.toBeUndefined()
    api.plan({ status: 500 }, () => true)
    await expect(client.find('/api/v1/namespaces/shop/services/web', never)).rejects.toMatchObject({ status: 500 })
  })

  it.each([
    { timeoutMs: 50, waitedMs: 50 },
    { timeoutMs: -50, waitedMs: 0 },
  ])('gives up an answer that does not come in time ($timeoutMs ms)', async ({ timeoutMs, waitedMs }) => {
    api.plan('hang', () => true)
    await expect(client.json({ path: SERVICES }, never, timeoutMs)).rejects.toMatchObject({
      code: 'KUBE_CONNECTION',
      message: expect.stringContaining(`no complete answer within ${waitedMs} ms`),
    })
  })

  it('reports a reset connection as such', async () => {
    api.plan('reset', () => true)
    await expect(client.json({ path: SERVICES }, never)).rejects.toMatchObject({ code: 'KUBE_CONNECTION' })
  })

  it('tries once more with fresh credentials after 401', async () => {
    let generation = 0
    const rotating: KubeCredentials = {
      resolve: async () => ({ ...(await api.credentials.resolve()), headers: { authorization: `Bearer ${generation}` } }),
      invalidate: () => generation++,
    }
    const rotated = new KubeClient(rotating, 'test')
    api.plan({ status: 401, reason: 'Unauthorized' }, (request) => request.headers.authorization === 'Bearer 0', 9)
    await rotated.json({ path: SERVICES }, never)
    expect(api.requests.map((request) => request.headers.authorization)).toEqual(['Bearer 0', 'Bearer 1'])
    rotated.close()
  })

  it('reads a kubeconfig through client-node, and the token again after it was refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
    const { server } = await api.credentials.resolve()
    const tokenFile = join(folder, 'token')
    const kubeconfig = join(folder, 'config')
    const config = {
      'current-context': 'here',
      clusters: [{ name: 'c', cluster: { server: server.href, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } } }],
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'mine' } }],
    }
    writeFileSync(kubeconfig, JSON.stringify(config))
    writeFileSync(tokenFile, 'old\n')
    const credentials = kubeConfigCredentials({ kubeconfig })
    const reader = new KubeClient(credentials, 'test')
    await reader.json({ path: SERVICES }, never)
    writeFileSync(tokenFile, 'new\n')
    api.plan({ status: 401 }, (request) => request.headers.authorization === 'Bearer old', 9)
    await reader.json({ path: SERVICES }, never)
    expect(api.requests.map((request) => request.headers.authorization)).toEqual(['Bearer old', 'Bearer old', 'Bearer new'])
    expect((await credentials.resolve()).namespace).toBe('mine')
    reader.close()
    rmSync(folder, { recursive: true })
  })

  it('says which context is missing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
    writeFileSync(join(folder, 'config'), JSON.stringify({ clusters: [], users: [], contexts: [], 'current-context': 'nowhere' }))
    await expect(kubeConfigCredentials({ kubeconfig: join(folder, 'config') }).resolve()).rejects.toThrow('context "nowhere"')
    rmSync(folder, { recursive: true })
  })
})
