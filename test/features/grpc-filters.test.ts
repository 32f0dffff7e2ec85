/** Filters of GRPCRoutes, of rules and of backends. */
import { expect } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { feature } from './feature.js'
import { grpcRoute, grpcWorld } from './grpc-world.js'
import { namespace, ref, service, to } from './manifests.js'

const world = grpcWorld(['a', 'copy', 'other'])

/** One method for filters of the rule, one for those of its only backend. */
const METHODS = ['/shop.Cart/Add', '/shop.Cart/Remove']

function routeWith(...filters: readonly string[]): string {
  const all = `filters: [${filters.join()}]`
  return grpcRoute(
    'r',
    `[{matches: [{method: {service: shop.Cart, method: Add}}], ${all}, ${to('a')}},
      {matches: [{method: {service: shop.Cart, method: Remove}}], backendRefs: [{${ref('a')}, ${all}}]}]`,
  )
}

const mirror = (fields: string) => `{type: RequestMirror, requestMirror: {${fields}}}`

/** How many calls of a method with this mark arrived at a backend. */
function copies(name: string, method: string, mark: string): number {
  return world.grpcBackend(name).calls.filter((call) => call.method === method && call.metadata['x-mark']?.[0] === mark).length
}

feature(
  ['GRPCRoute spec.rules.{filters,backendRefs.filters}.requestHeaderModifier.{set.name,set.value,add.name,add.value,remove}'],
  'sets, adds and removes metadata of calls',
  async () => {
    await world.write(
      routeWith(
        '{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Set, value: ours}], add: [{name: X-Add, value: more}], remove: [X-Gone]}}',
      ),
    )
    for (const method of METHODS) {
      const metadata = { 'x-set': 'theirs', 'x-add': 'some', 'x-gone': 'secret', 'x-kept': 'kept' }
      const seen = (await world.call({ method, metadata })).echo?.metadata ?? {}
      expect([method, seen]).toEqual([method, expect.objectContaining({ 'x-set': ['ours'], 'x-kept': ['kept'] })])
      expect([method, seen['x-add']?.flatMap((value) => value.split(/, ?/))]).toEqual([method, ['some', 'more']])
      expect([method, seen['x-gone']]).toEqual([method, undefined])
    }
  },
)

feature(
  ['GRPCRoute spec.rules.{filters,backendRefs.filters}.responseHeaderModifier.{set.name,set.value,add.name,add.value,remove}'],
  'sets, adds and removes metadata of answers',
  async () => {
    await world.write(
      routeWith(
        '{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: X-Set, value: ours}], add: [{name: X-Add, value: more}], remove: [X-Gone]}}',
      ),
    )
    for (const method of METHODS) {
      const metadata = { 'want-header': 'x-set=theirs,x-add=some,x-gone=secret,x-kept=kept' }
      const { headers } = await world.call({ method, metadata })
      expect([method, headers]).toEqual([method, expect.objectContaining({ 'x-set': ['ours'], 'x-kept': ['kept'] })])
      expect([method, headers['x-add']?.flatMap((value) => value.split(/, ?/))]).toEqual([method, ['some', 'more']])
      expect([method, headers['x-gone']]).toEqual([method, undefined])
    }
  },
)

feature(
  ['GRPCRoute spec.rules.{filters,backendRefs.filters}.requestMirror.backendRef.{group,kind,name}'],
  'sends copies to every mirror, and the answer of the backend to the client',
  async () => {
    await world.write(routeWith(mirror(`backendRef: {${ref('copy')}}`), mirror(`backendRef: {${ref('other')}}`)))
    for (const method of METHODS) {
      expect(await world.grpcAnswerer({ method, metadata: { 'x-mark': 'all' } })).toBe('a')
      await eventually(() => expect(['copy', 'other', 'a'].map((name) => copies(name, method, 'all'))).toEqual([1, 1, 1]))
    }
    await world.write(routeWith(mirror('backendRef: {group: example.com, kind: Thing, name: copy}')))
    expect(world.conditions('GRPCRoute/default/r')).toContain('ResolvedRefs=False/InvalidKind')
    for (const method of METHODS) expect(await world.grpcAnswerer({ method })).toBe('a')
  },
)

feature(
  ['GRPCRoute spec.rules.{filters,backendRefs.filters}.requestMirror.backendRef.{namespace,port}'],
  'copies to a port of a Service in another namespace once a grant allows it',
  async () => {
    const copiesService = service('copies', [world.grpcBackend('other'), world.grpcBackend('copy')], 'shop')
    const shop = [namespace('shop'), copiesService.replaceAll('port: 800', 'appProtocol: kubernetes.io/h2c, port: 800')]
    const mirrored = routeWith(mirror('backendRef: {name: copies, namespace: shop, port: 8002}'))
    const grant = `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g, namespace: shop}
spec: {from: [{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: default}], to: [{group: '', kind: Service}]}
`
    await world.write(...shop, mirrored)
    expect(world.conditions('GRPCRoute/default/r')).toContain('ResolvedRefs=False/RefNotPermitted')
    for (const method of METHODS) expect(await world.grpcAnswerer({ method, metadata: { 'x-mark': 'denied' } })).toBe('a')
    await world.write(...shop, mirrored, grant)
    expect(world.conditions('GRPCRoute/default/r')).toContain('ResolvedRefs=True/ResolvedRefs')
    for (const method of METHODS) {
      expect(await world.grpcAnswerer({ method, metadata: { 'x-mark': 'granted' } })).toBe('a')
      await eventually(() => expect([copies('copy', method, 'granted'), copies('other', method, 'granted')]).toEqual([1, 0]))
      expect(copies('copy', method, 'denied')).toBe(0)
    }
  },
)

feature(
  ['GRPCRoute spec.rules.{filters,backendRefs.filters}.requestMirror.{percent,fraction.numerator,fraction.denominator}'],
  'copies a share of the calls',
  async () => {
    const rows: readonly (readonly [share: string, least: number, most: number])[] = [
      ['percent: 0', 0, 0],
      ['percent: 50', 20, 80],
      ['fraction: {numerator: 1, denominator: 4}', 5, 48],
      ['fraction: {numerator: 100}', 100, 100],
    ]
    for (const [share, least, most] of rows) {
      await world.write(routeWith(mirror(`backendRef: {${ref('copy')}}, ${share}`)))
      for (const method of METHODS) {
        const mark = share.replace(/[^a-z0-9]/g, '')
        for (let round = 0; round < 5; round++) {
          await Promise.all(Array.from({ length: 20 }, () => world.grpcAnswerer({ method, metadata: { 'x-mark': mark } })))
        }
        expect([share, copies('a', method, mark)]).toEqual([share, 100])
        await eventually(() => expect(copies('copy', method, mark)).toBeGreaterThanOrEqual(least))
        expect([share, method, copies('copy', method, mark) <= most]).toEqual([share, method, true])
      }
    }
  },
)

feature(
  ['GRPCRoute spec.rules.{filters,backendRefs.filters}.extensionRef.{group,kind,name}'],
  'fails calls where a filter of a kind that nobody knows stands, and names it',
  async () => {
    for (const [group, kind, name] of [
      ['one.example.com', 'Filter', 'f'],
      ['two.example.com', 'Wasm', 'g'],
    ]) {
      const filters = `filters: [{type: ExtensionRef, extensionRef: {group: ${group}, kind: ${kind}, name: ${name}}}]`
      for (const rule of [`{${filters}, ${to('a')}}`, `{backendRefs: [{${ref('a')}, ${filters}}]}`]) {
        await world.write(grpcRoute('r', `[${rule}]`))
        const before = world.grpcBackend('a').calls.length
        for (const method of METHODS) expect([rule, (await world.call({ method })).code]).not.toEqual([rule, 0])
        expect(world.grpcBackend('a').calls.length).toBe(before)
        expect(world.conditions('GRPCRoute/default/r')).toContain('ResolvedRefs=False/InvalidKind')
        const [parent] = world.stored('GRPCRoute/default/r').parents ?? []
        expect(parent?.conditions.map(({ message }) => message).join()).toContain(`${group}/${kind} "${name}"`)
      }
    }
  },
)

feature(
  ['GRPCRoute spec.rules.{filters,backendRefs.filters}.type'],
  'refuses a filter whose type is not that of its field, and goes on with the version before',
  async () => {
    const filter = (type: string) => `{type: ${type}, requestHeaderModifier: {set: [{name: X-Set, value: ours}]}}`
    await world.write(routeWith(filter('RequestHeaderModifier')))
    await world.writeRefused(routeWith(filter('ResponseHeaderModifier')).replaceAll('ours', 'theirs'))
    for (const method of METHODS) {
      expect([method, (await world.call({ method })).echo?.metadata['x-set']]).toEqual([method, ['ours']])
    }
    const problems = JSON.stringify(world.headgate.running.sources.problems())
    expect(problems).toMatch(/rules\[0\]\.filters\[0\]/)
    expect(problems).toMatch(/rules\[1\]\.backendRefs\[0\]\.filters\[0\]/)
  },
)
