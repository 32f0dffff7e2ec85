/** What is counted for a cluster, in the words of the IR. */
import type { BackendTrafficSettings } from '../../gen/kinds.js'
import type { BackendTraffic } from '../../ir/cluster.js'
import type { BackendRef } from '../backends/backend-key.js'

/**
 * What is counted besides what always is; nothing where nobody says anything.
 *
 * @param backend whose words stand for the operators of a name
 */
export function clusterStatistics({ statistics }: BackendTrafficSettings, backend: BackendRef): Pick<BackendTraffic, 'statistics'> {
  if (statistics === undefined) return {}
  const { perEndpoint, requestResponseSizes, name } = statistics
  return {
    statistics: {
      ...(perEndpoint === undefined ? {} : { perEndpoint }),
      ...(requestResponseSizes === undefined ? {} : { sizes: requestResponseSizes }),
      ...(name === undefined ? {} : { name: name.replace(/%BACKEND_(\w+?)%/g, (_, word: string) => wordOf(backend, word)) }),
    },
  }
}

function wordOf({ kind, namespace, name, port }: BackendRef, word: string): string {
  const words: Readonly<Record<string, string>> = { KIND: kind, NAMESPACE: namespace, NAME: name, PORT: String(port ?? '') }
  return words[word] ?? ''
}
