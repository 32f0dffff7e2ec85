/** Objects applied one after the other without a new process for each. */
import { kubeConfigCredentials } from '../../../src/k8s/credentials.js'
import { CONTENT_TYPE, KubeClient } from '../../../src/k8s/kube-client.js'
import { type JsonObject, stringAt } from '../../../src/k8s/kube-json.js'
import { objectPath } from '../../../src/k8s/resource-path.js'
import { KINDS } from '../../../src/kinds/index.js'

/** A client of the API server. */
export interface QuickClient {
  /** Server-side apply; resolves with the object as the API server has it. */
  apply(object: JsonObject): Promise<JsonObject>
  close(): void
}

/** Connects as kubectl does. */
export function connectQuickly(): QuickClient {
  const client = new KubeClient(kubeConfigCredentials(), 'headgate-end-to-end')
  return {
    apply: (object) => {
      const definition = KINDS.find(({ kind }) => kind === stringAt(object, 'kind'))
      if (definition === undefined) throw new Error(`there is no kind ${stringAt(object, 'kind')}`)
      const { group, plural, versions } = definition
      const [namespace, name] = [stringAt(object, 'metadata', 'namespace'), stringAt(object, 'metadata', 'name')]
      const path = objectPath({ group, version: versions[0] ?? '', plural, namespace, name })
      const query = { fieldManager: 'end-to-end', force: true }
      return client.json({ method: 'PATCH', path, query, body: object, contentType: CONTENT_TYPE.apply }, AbortSignal.timeout(60_000))
    },
    close: () => client.close(),
  }
}
