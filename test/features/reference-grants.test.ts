/** ReferenceGrant: each of its fields decides about a reference. */
import { expect } from '@jest/globals'
import { feature } from './feature.js'
import { httpRoute, namespace, ref, service } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a'])

const GATEWAY = 'gateway.networking.k8s.io'

/** A route to a Service of the namespace `shop`, and grants there, or elsewhere. */
async function write(...grants: readonly (readonly [from: string, to: string, where?: string])[]): Promise<void> {
  await world.write(
    namespace('shop'),
    service('goods', [world.backend('a')], 'shop'),
    httpRoute('r', '[{backendRefs: [{name: goods, namespace: shop, port: 8001}]}]'),
    ...grants.map(
      ([from, to, where = 'shop'], at) => `
apiVersion: ${GATEWAY}/v1
kind: ReferenceGrant
metadata: {name: g${at}, namespace: ${where}}
spec: {from: [${from}], to: [${to}]}
`,
    ),
  )
}

const FROM = `{group: ${GATEWAY}, kind: HTTPRoute, namespace: default}`
const TO = '{group: "", kind: Service}'

feature(
  ['ReferenceGrant spec.from.{group,kind,namespace}', 'ReferenceGrant spec.to.{group,kind,name}', 'Route reason RefNotPermitted'],
  'allows references from what it names to what it names, and nothing else',
  async () => {
    const rows: readonly (readonly [from: string, to: string, allowed: boolean])[] = [
      [FROM, TO, true],
      [FROM, '{group: "", kind: Service, name: goods}', true],
      [`{group: example.com, kind: HTTPRoute, namespace: default}`, TO, false],
      [`{group: ${GATEWAY}, kind: GRPCRoute, namespace: default}`, TO, false],
      [`{group: ${GATEWAY}, kind: HTTPRoute, namespace: other}`, TO, false],
      [FROM, '{group: example.com, kind: Service}', false],
      [FROM, '{group: "", kind: Secret}', false],
      [FROM, '{group: "", kind: Service, name: other}', false],
      [`{group: ${GATEWAY}, kind: HTTPRoute, namespace: other}, ${FROM}`, `{group: "", kind: Secret}, ${TO}`, true],
    ]
    for (const [from, to, allowed] of rows) {
      await write([from, to])
      const reason = world.conditions('HTTPRoute/default/r')[1]
      expect([from, to, reason]).toEqual([from, to, allowed ? 'ResolvedRefs=True/ResolvedRefs' : 'ResolvedRefs=False/RefNotPermitted'])
      expect([from, to, await world.answerer()]).toEqual([from, to, allowed ? 'a' : 500])
    }
  },
)

feature(
  ['ReferenceGrant spec.{from.namespace,to.kind}'],
  'counts only in the namespace of what is referred to, and no longer than it exists',
  async () => {
    await write([FROM, TO, 'default'])
    expect(await world.answerer()).toBe(500)
    await write([FROM, TO])
    expect(await world.answerer()).toBe('a')
    await write()
    expect(await world.answerer()).toBe(500)
    expect(world.conditions('HTTPRoute/default/r')).toContain('ResolvedRefs=False/RefNotPermitted')
    // A reference within a namespace needs no grant.
    await world.write(httpRoute('r', `[{backendRefs: [{${ref('a')}}]}]`))
    expect(await world.answerer()).toBe('a')
  },
)
