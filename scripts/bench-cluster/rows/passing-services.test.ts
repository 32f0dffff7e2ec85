import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { KubeClient } from '../../../src/k8s/kube-client.js'
import { FakeKubeApi } from '../../../test/support/fake-kube-api.js'
import { NAMESPACE } from '../manifests.js'
import { peerNamed } from '../peers/index.js'
import type { Stage } from '../stage.js'
import { PassingServices } from './passing-services.js'

const SERVICES = '/api/v1/services'
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices'

describe('Services that are made for one flip each', () => {
  let api: FakeKubeApi
  let stage: Stage

  beforeEach(async () => {
    api = new FakeKubeApi()
    await api.listen()
    const client = new KubeClient(api.credentials, 'test')
    const { signal } = new AbortController()
    stage = { client, signal, peer: peerNamed('headgate'), address: '', totalMs: 1, remainingMs: () => 1, say: () => undefined }
    const metadata = { name: 'backend-1', namespace: NAMESPACE, labels: { app: 'backend' } }
    api.put('/api/v1/pods', { apiVersion: 'v1', kind: 'Pod', metadata, status: { phase: 'Running', podIP: '10.244.0.7' } })
  })

  afterEach(async () => {
    stage.client.close()
    await api.close()
  })

  it('exist with their endpoints when it is their turn and one flip longer, and are never many', async () => {
    const count = 300
    const services = new PassingServices(stage, count, 0)
    const names = new Set<string>()
    let most = 0
    for (let flip = 0; flip < count; flip++) {
      const before = [...names].at(-1)
      const { name } = await services.of(flip)
      names.add(name)
      for (const each of [before ?? name, name]) {
        expect(api.get(SERVICES, NAMESPACE, each)).toBeDefined()
        expect(api.get(SLICES, NAMESPACE, `${each}-1`)).toMatchObject({ endpoints: [{ addresses: ['10.244.0.7'] }] })
      }
      most = Math.max(most, api.list(SERVICES).length)
    }
    expect(names.size).toBe(count)
    expect(most).toBe(250)
  })

  it('are gone at the end', async () => {
    const services = new PassingServices(stage, 130, 0)
    for (let flip = 0; flip < 130; flip++) await services.of(flip)
    expect(api.list(SERVICES)).toHaveLength(130)
    await services.removeUpTo(130)
    expect([api.list(SERVICES), api.list(SLICES)]).toEqual([[], []])
  })
})
