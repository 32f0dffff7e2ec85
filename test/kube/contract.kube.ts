import { afterAll, beforeAll } from '@jest/globals'
import { systemClock } from '../../src/k8s/clock.js'
import { hasStatus } from '../../src/k8s/kube-error.js'
import { stringAt } from '../../src/k8s/kube-json.js'
import { silentLog } from '../../src/k8s/log.js'
import { collectionPath, objectPath } from '../../src/k8s/resource-path.js'
import { KINDS } from '../../src/kinds/index.js'
import { KubernetesProvider } from '../../src/provider/kubernetes/kubernetes-provider.js'
import { describeProvider, type WrittenObject } from '../provider/provider-contract.js'
import { installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

let api: KubeApiServer

beforeAll(async () => {
  api = await startKubeApiServer()
  await installGatewayApi(api.admin, 'standard')
})

afterAll(async () => {
  await api.stop()
})

describeProvider('a real cluster', async () => {
  const signal = new AbortController().signal
  const placed: WrittenObject[] = []
  const targetOf = ({ kind, metadata }: WrittenObject) => {
    const definition = KINDS.find((each) => each.kind === kind)
    if (definition === undefined) throw new Error(`no kind ${kind}`)
    return {
      group: definition.group,
      version: definition.versions[0],
      plural: definition.plural,
      namespace: metadata.namespace ?? '',
      name: metadata.name,
    }
  }
  const remove = async (object: WrittenObject): Promise<void> => {
    await api.admin.json({ method: 'DELETE', path: objectPath(targetOf(object)) }, signal).catch((error: unknown) => {
      if (!hasStatus(error, 404)) throw error
    })
  }
  const client = api.client('admin')
  return {
    put: async (object) => {
      placed.push(object)
      const target = targetOf(object)
      try {
        await api.admin.json({ method: 'POST', path: collectionPath(target, target.namespace), body: object }, signal)
      } catch (error) {
        if (!hasStatus(error, 409)) throw error
        const now = await api.admin.json({ path: objectPath(target) }, signal)
        const metadata = { ...object.metadata, resourceVersion: stringAt(now, 'metadata', 'resourceVersion') }
        await api.admin.json({ method: 'PUT', path: objectPath(target), body: { ...object, metadata } }, signal)
      }
    },
    remove,
    provider: () =>
      new KubernetesProvider({
        client,
        clock: systemClock,
        log: silentLog,
        kinds: KINDS,
        scope: { kind: 'cluster' },
        byReference: new Set(['Secret', 'ConfigMap']),
      }),
    close: async () => {
      for (const object of placed) await remove(object)
    },
  }
})
