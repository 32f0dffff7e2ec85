import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { kubeConfigCredentials } from './credentials.js'
import type { Surroundings } from './service-account.js'

const KUBECONFIG = {
  'current-context': 'c',
  clusters: [{ name: 'k', cluster: { server: 'https://elsewhere.example' } }],
  users: [{ name: 'u', user: { token: 'of a user' } }],
  contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
}

describe('the credentials of a pod', () => {
  let folder: string
  let pod: Surroundings

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'service-account-'))
    pod = { env: { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '6443' }, home: join(folder, 'home'), folder }
    writeFileSync(join(folder, 'token'), 'of a pod\n')
    writeFileSync(join(folder, 'ca.crt'), 'an authority')
    writeFileSync(join(folder, 'namespace'), 'mine')
  })

  afterEach(() => rmSync(folder, { recursive: true }))

  it('are those of its ServiceAccount', async () => {
    expect(await kubeConfigCredentials({}, pod).resolve()).toEqual({
      server: new URL('https://10.96.0.1:6443'),
      tls: { ca: 'an authority' },
      headers: { authorization: 'Bearer of a pod' },
      namespace: 'mine',
    })
  })

  it('name an address of IPv6 as URLs do', async () => {
    const { server } = await kubeConfigCredentials({}, { ...pod, env: { KUBERNETES_SERVICE_HOST: 'fd00::1' } }).resolve()
    expect(server.href).toBe('https://[fd00::1]/')
  })

  it('are read again when the server refused them', async () => {
    const credentials = kubeConfigCredentials({}, pod)
    await credentials.resolve()
    writeFileSync(join(folder, 'token'), 'a new one')
    expect((await credentials.resolve()).headers.authorization).toBe('Bearer of a pod')
    credentials.invalidate()
    expect((await credentials.resolve()).headers.authorization).toBe('Bearer a new one')
  })

  it.each<readonly [where: string, source: (file: string) => Parameters<typeof kubeConfigCredentials>]>([
    ['that somebody names', (file) => [{ kubeconfig: file }, pod]],
    ['in the home folder', () => [{}, pod]],
  ])('come after a kubeconfig %s', async (_where, source) => {
    mkdirSync(join(pod.home, '.kube'), { recursive: true })
    const file = join(pod.home, '.kube', 'config')
    writeFileSync(file, JSON.stringify(KUBECONFIG))
    const before = process.env.HOME
    process.env.HOME = pod.home
    try {
      const { server, headers } = await kubeConfigCredentials(...source(file)).resolve()
      expect([server.hostname, headers.authorization]).toEqual(['elsewhere.example', 'Bearer of a user'])
    } finally {
      if (before === undefined) delete process.env.HOME
      else process.env.HOME = before
    }
  })
})
