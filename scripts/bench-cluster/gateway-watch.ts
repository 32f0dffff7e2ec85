/** The status of the Gateway as a watch sees it: how many routes it says are attached, and how often it was written. */
import type { KubeClient } from '../../src/k8s/kube-client.js'
import { fieldAt, listAt, stringAt } from '../../src/k8s/kube-json.js'
import { collectionPath, objectPath } from '../../src/k8s/resource-path.js'
import { splitLines } from '../../src/k8s/watch-stream.js'
import { GATEWAYS, pause } from './cluster.js'
import { NAMESPACE } from './manifests.js'

/** Counts the writes to the Gateway from its start on, until it is closed. */
export class GatewayWatch {
  readonly #stop = new AbortController()
  #attached = 0
  #changedAt = 0
  #writes = 0
  #isFollowing = false

  constructor(client: KubeClient) {
    // A watch that ended is no reason to stop a benchmark: the number would stay, and the wait for it end.
    this.#follow(client).catch(() => undefined)
  }

  /** Writes since the start. */
  get writes(): number {
    return this.#writes
  }

  /** What the listener said last. */
  get attached(): number {
    return this.#attached
  }

  /** Resolves with the time at which the number became that, or undefined after `withinMs`. */
  async reaches(attached: number, withinMs: number): Promise<number | undefined> {
    const end = performance.now() + withinMs
    while (performance.now() < end) {
      if (this.#isFollowing && this.#attached === attached) return this.#changedAt
      await pause(5)
    }
    return undefined
  }

  close(): void {
    this.#stop.abort()
  }

  async #follow(client: KubeClient): Promise<void> {
    const now = await client.json({ path: objectPath({ ...GATEWAYS, namespace: NAMESPACE, name: 'bench' }) }, this.#stop.signal)
    this.#attached = attachedOf(now)
    this.#isFollowing = true
    const resourceVersion = stringAt(now, 'metadata', 'resourceVersion')
    const query = { watch: true, fieldSelector: 'metadata.name=bench', timeoutSeconds: 3600, resourceVersion }
    const stream = await client.stream({ path: collectionPath(GATEWAYS, NAMESPACE), query }, this.#stop.signal)
    for await (const lines of splitLines(stream)) {
      for (const line of lines) {
        const attached = attachedOf(fieldAt(JSON.parse(line.toString('utf8')), 'object'))
        if (attached !== this.#attached) this.#changedAt = performance.now()
        this.#attached = attached
        this.#writes++
      }
    }
  }
}

function attachedOf(gateway: unknown): number {
  const listener = listAt(gateway, 'status', 'listeners').find((each) => stringAt(each, 'name') === 'http')
  return Number(fieldAt(listener, 'attachedRoutes') ?? 0)
}
