/** The list of rejected versions in a ConfigMap, which all replicas share and which survives a restart of all of them. */

import { API_BACKOFF, backoffMs } from '../../k8s/backoff.js'
import type { Clock } from '../../k8s/clock.js'
import { CONTENT_TYPE, type KubeClient } from '../../k8s/kube-client.js'
import { hasStatus } from '../../k8s/kube-error.js'
import { type JsonObject, stringAt } from '../../k8s/kube-json.js'
import type { Log } from '../../k8s/log.js'
import { collectionPath, objectPath } from '../../k8s/resource-path.js'
import { compareText } from '../../util/compare-text.js'
import { type RejectedVersion, type RejectedVersionStore, rejectedVersionKey } from '../../xds/rejected-versions.js'
import { boundedRejectedVersions } from '../../xds/server/bounded-rejected-versions.js'
import { parseRejectedVersions } from '../../xds/server/rejected-version-format.js'

/** Where the list is kept, and with what. */
export interface ConfigMapStoreOptions {
  readonly client: KubeClient
  readonly namespace: string
  readonly name: string
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
  readonly signal: AbortSignal
}

const CONFIG_MAPS = { group: '', version: 'v1', plural: 'configmaps' }
const KEY = 'rejected-versions.json'
/** A ConfigMap may hold 1 MiB. */
const MAX_BYTES = 512 * 1024
/**
 * A store in this ConfigMap. Each save adds to what is there, because every replica writes what its own proxies rejected. Text in it that is
 * no such list is logged and replaced: a control plane that does not start would be worse than proxies that reject a version once more. A save that fails is
 * logged and tried again until it succeeds, or the signal aborts.
 */
export function rejectedVersionConfigMap({ client, namespace, name, clock, log, signal }: ConfigMapStoreOptions): RejectedVersionStore {
  const path = objectPath({ ...CONFIG_MAPS, namespace, name })
  const parse = (found: JsonObject | undefined): readonly RejectedVersion[] => {
    const text = stringAt(found, 'data', KEY)
    if (text === '') return []
    try {
      return parseRejectedVersions(text)
    } catch (err) {
      log.warn({ err, namespace, name, key: KEY }, 'the list of rejected versions cannot be read; a new one is begun')
      return []
    }
  }
  const saveOnce = async (versions: readonly RejectedVersion[]): Promise<void> => {
    const found = await client.find(path, signal)
    const text = boundedRejectedVersions(united(versions, parse(found)), MAX_BYTES)
    if (found !== undefined && stringAt(found, 'data', KEY) === text) return
    if (found === undefined) {
      await client.json({ method: 'POST', path: collectionPath(CONFIG_MAPS, namespace), body: manifest(namespace, name, text) }, signal)
      return
    }
    // With the version that was read: whoever wrote in between is not overwritten.
    const resourceVersion = stringAt(found, 'metadata', 'resourceVersion')
    const body = { metadata: { resourceVersion }, data: { [KEY]: text } }
    await client.json({ method: 'PATCH', path, contentType: CONTENT_TYPE.mergePatch, body }, signal)
  }
  return {
    load: async () => {
      try {
        return parse(await client.find(path, signal))
      } catch (err) {
        // Roles of one's own may be older than this list.
        if (!hasStatus(err, 403)) throw err
        log.warn({ err, namespace, name }, 'the list of rejected versions may not be read; it lasts until the next restart')
        return []
      }
    },
    save: async (versions) => {
      for (let failures = 0; ; ) {
        try {
          await saveOnce(versions)
          return
        } catch (error) {
          if (signal.aborted) throw error
          failures += 1
          // Two replicas wrote at the same time: that is no failure, and over with the next attempt.
          if (!hasStatus(error, 409))
            log.warn({ err: error, namespace, name }, 'the list of rejected versions could not be saved; trying again')
          await clock.sleep(backoffMs(API_BACKOFF, failures, clock), signal)
        }
      }
    },
  }
}

/** Each version once, as the last list has it, in the order of their times: every replica writes the same. */
function united(...lists: readonly (readonly RejectedVersion[])[]): readonly RejectedVersion[] {
  const byVersion = new Map(lists.flat().map((each) => [rejectedVersionKey(each, each.version, each.by), each]))
  return [...byVersion].sort(([a, { at: x }], [b, { at: y }]) => (x === y ? compareText(a, b) : compareText(x, y))).map(([, each]) => each)
}

function manifest(namespace: string, name: string, text: string): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'headgate' } },
    data: { [KEY]: text },
  }
}
