/** What every provider promises, as tests: the rest of the program cannot tell a folder from a cluster. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { JsonObject, RawMeta } from '../../src/k8s/kube-json.js'
import type { Change, KubeObject, Provider } from '../../src/provider/provider.js'
import { eventually } from '../support/eventually.js'

/** An object as a user writes it. */
export interface WrittenObject extends JsonObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: RawMeta
}

/** A place that a provider reads. */
export interface ProviderBench {
  /** Creates or replaces an object there. */
  put(object: WrittenObject): Promise<void>
  remove(object: WrittenObject): Promise<void>
  /** A provider that reads the place; not started yet. */
  provider(): Provider
  close(): Promise<void>
}

const GROUP = 'gateway.networking.k8s.io'

const route = (name: string, host = 'a.example'): WrittenObject => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'HTTPRoute',
  metadata: { name, namespace: 'default', labels: { app: name } },
  spec: {
    hostnames: [host],
    parentRefs: [{ group: GROUP, kind: 'Gateway', name: 'web' }],
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        backendRefs: [{ group: '', kind: 'Service', name: 'shop', port: 80, weight: 1 }],
      },
    ],
  },
})

const gatewayClass: WrittenObject = {
  apiVersion: `${GROUP}/v1`,
  kind: 'GatewayClass',
  metadata: { name: 'headgate' },
  spec: { controllerName: 'headgate.dev/gateway-controller' },
}

/** Declares the contract for one provider. */
export function describeProvider(name: string, open: () => Promise<ProviderBench>): void {
  describe(`the contract of a provider: ${name}`, () => {
    let bench: ProviderBench
    let stop: AbortController
    let running: Promise<void>
    let objects: Map<string, KubeObject>
    let log: string[]

    const start = (): void => {
      const changes = (batch: readonly Change[]): void => {
        for (const { kind, key, object } of batch) {
          if (kind !== 'HTTPRoute' && kind !== 'GatewayClass') continue
          log.push(`${object === undefined ? '-' : '+'}${kind}/${key}`)
          if (object === undefined) objects.delete(`${kind}/${key}`)
          else objects.set(`${kind}/${key}`, object)
        }
      }
      running = bench.provider().start({ changes, complete: () => log.push('complete') }, stop.signal)
    }
    const completed = (): Promise<void> => eventually(() => expect(log).toContain('complete'), 20_000)

    beforeEach(async () => {
      bench = await open()
      stop = new AbortController()
      objects = new Map()
      log = []
      running = Promise.resolve()
    })

    afterEach(async () => {
      stop.abort()
      await running
      await bench.close()
    })

    it('hands over everything that exists, then says so, once', async () => {
      await bench.put(gatewayClass)
      await bench.put(route('a'))
      await bench.put(route('b'))
      start()
      await completed()
      expect(log.slice(0, -1).sort()).toEqual(['+GatewayClass//headgate', '+HTTPRoute/default/a', '+HTTPRoute/default/b'])
      expect(log.at(-1)).toBe('complete')
      await bench.put(route('c'))
      await eventually(() => expect(objects.has('HTTPRoute/default/c')).toBe(true))
      expect(log.filter((entry) => entry === 'complete')).toHaveLength(1)
    })

    it('completes where there is nothing', async () => {
      start()
      await completed()
      expect(log).toEqual(['complete'])
    })

    it('follows objects that come, change and go', async () => {
      await bench.put(route('a'))
      start()
      await completed()
      await bench.put(route('b'))
      await eventually(() => expect(objects.has('HTTPRoute/default/b')).toBe(true))
      await bench.put(route('a', 'b.example'))
      await eventually(() => expect(objects.get('HTTPRoute/default/a')).toMatchObject({ spec: { hostnames: ['b.example'] } }))
      await bench.remove(route('b'))
      await eventually(() => expect([...objects.keys()]).toEqual(['HTTPRoute/default/a']))
    })

    it('gives whole objects: names of their kind, metadata without gaps, content as written', async () => {
      await bench.put(gatewayClass)
      await bench.put(route('a'))
      start()
      await completed()
      const found = objects.get('HTTPRoute/default/a')
      expect(found).toMatchObject({ apiVersion: `${GROUP}/v1`, kind: 'HTTPRoute', spec: route('a').spec })
      expect(found?.metadata).toMatchObject({
        name: 'a',
        namespace: 'default',
        labels: { app: 'a' },
        generation: expect.any(Number),
        creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      })
      expect(objects.get('GatewayClass//headgate')?.metadata.namespace).toBe('')
    })

    it('counts up the generation when the content changes', async () => {
      await bench.put(route('a'))
      start()
      await completed()
      const before = objects.get('HTTPRoute/default/a')?.metadata.generation ?? 0
      expect(before).toBeGreaterThan(0)
      await bench.put(route('a', 'b.example'))
      await eventually(() => expect(objects.get('HTTPRoute/default/a')?.metadata.generation).toBe(before + 1))
    })

    it('says nothing when an object is written again as it was', async () => {
      await bench.put(route('a'))
      start()
      await completed()
      await bench.put(route('a'))
      // What comes after it has come: then the one before would have, too.
      await bench.put(route('b'))
      await eventually(() => expect(objects.has('HTTPRoute/default/b')).toBe(true))
      expect(log).toEqual(['+HTTPRoute/default/a', 'complete', '+HTTPRoute/default/b'])
    })

    it('ends when it is told, and says nothing after that', async () => {
      start()
      await completed()
      stop.abort()
      await running
      await bench.put(route('late'))
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(log).toEqual(['complete'])
    })
  })
}
