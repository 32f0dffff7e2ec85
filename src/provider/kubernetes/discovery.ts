/** Which of our kinds the API server serves, and in which version: CRDs and feature gates come and go while we run. */
import type { KubeClient } from '../../k8s/kube-client.js'
import { hasStatus } from '../../k8s/kube-error.js'
import { listAt, stringAt } from '../../k8s/kube-json.js'
import { apiVersionOf } from '../../k8s/resource-path.js'
import type { KindDefinition } from '../../schema/kind.js'

/** The version of each served kind, by Kind; kinds that are not served are missing. */
export type ServedVersions = ReadonlyMap<string, string>

/**
 * Asks the API server which kinds it serves: of each kind the first of its versions that exists.
 *
 * @throws KubeApiError, KubeConnectionError when the server cannot say, Error when it says something else; a group or version that it does not
 * know is no error
 */
export async function discoverVersions(client: KubeClient, kinds: readonly KindDefinition[], signal: AbortSignal): Promise<ServedVersions> {
  const asked = new Map<string, Promise<ReadonlySet<string>>>()
  const resources = (group: string, version: string): Promise<ReadonlySet<string>> => {
    const name = apiVersionOf({ group, version })
    const answer = asked.get(name) ?? servedResources(client, group, version, signal)
    asked.set(name, answer)
    return answer
  }
  const versions = await Promise.all(
    kinds.map(async (kind) => {
      for (const version of kind.versions)
        if ((await resources(kind.group, version)).has(kind.plural)) return [[kind.kind, version] as const]
      return []
    }),
  )
  return new Map(versions.flat())
}

async function servedResources(client: KubeClient, group: string, version: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  try {
    const list = await client.json({ path }, signal)
    // An empty answer would read as: nothing is served.
    if (stringAt(list, 'kind') !== 'APIResourceList') throw new Error(`GET ${path}: the answer is no list of resources`)
    return new Set(listAt(list, 'resources').map((resource) => stringAt(resource, 'name')))
  } catch (error) {
    if (hasStatus(error, 404)) return new Set()
    throw error
  }
}
