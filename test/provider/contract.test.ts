import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/k8s/clock.js'
import { KubeClient } from '../../src/k8s/kube-client.js'
import { silentLog } from '../../src/k8s/log.js'
import { collectionPath } from '../../src/k8s/resource-path.js'
import { KINDS } from '../../src/kinds/index.js'
import { FileProvider } from '../../src/provider/file/file-provider.js'
import { KubernetesProvider } from '../../src/provider/kubernetes/kubernetes-provider.js'
import { FakeKubeApi } from '../support/fake-kube-api.js'
import { describeProvider, type WrittenObject } from './provider-contract.js'

const fileOf = ({ kind, metadata }: WrittenObject): string => `${kind}-${metadata.name}.json`

describeProvider('a folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'provider-contract-'))
  return {
    put: async (object) => writeFileSync(join(folder, fileOf(object)), JSON.stringify(object)),
    remove: async (object) => rmSync(join(folder, fileOf(object))),
    provider: () => new FileProvider({ folder, kinds: KINDS }),
    close: async () => rmSync(folder, { recursive: true }),
  }
})

describeProvider('a cluster', async () => {
  const api = new FakeKubeApi()
  await api.listen()
  const client = new KubeClient(api.credentials, 'test')
  const collectionOf = ({ kind }: WrittenObject): string => {
    const definition = KINDS.find((each) => each.kind === kind)
    if (definition === undefined) throw new Error(`no kind ${kind}`)
    return collectionPath({ group: definition.group, version: definition.versions[0], plural: definition.plural })
  }
  for (const { group, versions, plural } of KINDS) {
    const path = collectionPath({ group, version: versions[0], plural: '' }).replace(/\/$/, '')
    const known = api.documents.get(path)?.resources
    api.documents.set(path, { kind: 'APIResourceList', resources: [...(Array.isArray(known) ? known : []), { name: plural }] })
  }
  return {
    put: async (object) => {
      api.put(collectionOf(object), object)
    },
    remove: async (object) => api.remove(collectionOf(object), object.metadata.namespace ?? '', object.metadata.name),
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
      client.close()
      await api.close()
    },
  }
})
