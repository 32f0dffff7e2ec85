import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  cluster,
  endpoint,
  endpoints,
  forward,
  host,
  httpChain,
  type IrValues,
  irGraph,
  port,
  route,
  routeTable,
  streamChain,
  virtualHost,
  weighted,
} from '../../../test/envoy-api/ir-fixtures.js'
import { Sensitive } from '../../ir/sensitive.js'
import type { SecretMaterial } from '../../ir/tls.js'
import { TYPE_URL } from '../resource.js'
import { JWT_AUTHN } from './http-filters/jwt-authn.js'
import { resourceKey } from './resource-key.js'

const toCluster = (name: string) => route({ action: forward({ clusters: [weighted(name)] }) })
const certificate = (name: string, chain = 'CHAIN'): SecretMaterial => ({
  kind: 'certificate',
  name,
  origins: [],
  chain,
  privateKey: new Sensitive('KEY'),
})
const tlsChain = httpChain({ name: 'https', encrypted: true, tls: { certificates: ['cert'], alpn: [] } })
const tlsCluster = cluster('a', { tls: { serverName: 'a', trust: { kind: 'material', name: 'ca' }, subjectAltNames: [] } })
const base: IrValues = {
  ports: [port({ chains: [tlsChain] })],
  routeTables: [routeTable()],
  virtualHosts: [virtualHost([toCluster('a')], { domain: host('a.com') }), virtualHost([toCluster('b')], { domain: host('b.com') })],
  clusters: [tlsCluster, cluster('b'), cluster('unused')],
  endpoints: [endpoints('a', endpoint(1)), endpoints('b', endpoint(2))],
  secrets: [certificate('cert'), certificate('unused'), { kind: 'trust', name: 'ca', origins: [], authorities: 'CA' }],
}

/** A graph that is up to date with the base, and what a change does to it. */
function started() {
  const live = irGraph()
  live.set(base)
  live.graph.flush()
  live.xds.resources.takeChanges()
  return {
    ...live,
    /** What was computed and which resources changed. */
    change: (edit: () => void) => {
      edit()
      const { computed, failures } = live.graph.flush()
      expect(failures).toEqual([])
      return { computed: Object.fromEntries(computed), changed: [...live.xds.resources.takeChanges().keys()].sort() }
    },
  }
}

const key = (type: keyof typeof TYPE_URL, name: string, group = 'g'): string => resourceKey(group, { typeUrl: TYPE_URL[type], name })

describe('the resources of a group', () => {
  it('are its listeners and routes, and all that these need', () => {
    expect([...started().xds.resources.entries()].map(([name]) => name).sort()).toEqual(
      [
        key('listener', 'p'),
        key('routeConfiguration', 't'),
        key('cluster', 'a'),
        key('cluster', 'b'),
        key('clusterLoadAssignment', 'a'),
        key('clusterLoadAssignment', 'b'),
        key('extensionConfig', JWT_AUTHN.name),
        key('secret', 'ca'),
        key('secret', 'cert'),
      ].sort(),
    )
  })

  it('are shared with other groups that need them', () => {
    const { xds, set, change } = started()
    const { changed } = change(() =>
      set({
        ports: [port({ name: 'q', group: 'h', chains: [streamChain()] })],
        routeTables: [routeTable({ name: 'u', group: 'h' })],
      }),
    )
    expect(changed).toEqual(
      [
        key('cluster', 'a', 'h'),
        key('clusterLoadAssignment', 'a', 'h'),
        key('listener', 'q', 'h'),
        key('routeConfiguration', 'u', 'h'),
        key('secret', 'ca', 'h'),
      ].sort(),
    )
    expect(xds.resources.get(key('cluster', 'a', 'h'))).toBe(xds.resources.get(key('cluster', 'a')))
  })

  it('leave with the last that named them', () => {
    const { remove, change } = started()
    expect(change(() => remove('virtualHosts', 't#a.com')).changed).toEqual(
      [key('cluster', 'a'), key('clusterLoadAssignment', 'a'), key('routeConfiguration', 't'), key('secret', 'ca')].sort(),
    )
    expect(change(() => remove('ports', 'p')).changed).toEqual(
      [key('extensionConfig', JWT_AUTHN.name), key('listener', 'p'), key('secret', 'cert')].sort(),
    )
  })

  it('follow their route table to another group', () => {
    const { set, change } = started()
    const { changed } = change(() => set({ routeTables: [routeTable({ group: 'h' })] }))
    expect(changed).toContain(key('cluster', 'b'))
    expect(changed).toContain(key('cluster', 'b', 'h'))
  })

  it('have endpoints for every cluster that waits for some', () => {
    const { remove, change, xds } = started()
    expect(change(() => remove('endpoints', 'a')).changed).toEqual([key('clusterLoadAssignment', 'a')])
    expect(xds.resources.get(key('clusterLoadAssignment', 'a'))).toBeDefined()
  })
})

describe('the cost of a change is the cost of what it touches', () => {
  it('an endpoint costs one load assignment', () => {
    const { set, change } = started()
    expect(change(() => set({ endpoints: [endpoints('a', endpoint(3))] }))).toEqual({
      computed: { 'load assignments': 1, resources: 1 },
      changed: [key('clusterLoadAssignment', 'a')],
    })
  })

  it('a route costs one virtual host and one concatenation', () => {
    const { set, change } = started()
    const edited = { ...toCluster('a'), name: 'edited' }
    expect(change(() => set({ virtualHosts: [virtualHost([edited], { domain: host('a.com') })] }))).toEqual({
      computed: { 'virtual host bytes': 1, 'route configurations': 1, resources: 1 },
      changed: [key('routeConfiguration', 't')],
    })
  })

  it('a route keeps the references of its table, the very same, unless it names something else', () => {
    const { set, change, xds } = started()
    const references = () => xds.routeConfigurations.get('t')?.references
    const before = references()
    change(() => set({ virtualHosts: [virtualHost([{ ...toCluster('a'), name: 'edited' }], { domain: host('a.com') })] }))
    expect(references()).toBe(before)
    change(() => set({ virtualHosts: [virtualHost([toCluster('c')], { domain: host('a.com') })] }))
    expect(references()?.map(({ name }) => name)).toEqual(['b', 'c'])
  })

  it('a secret costs itself', () => {
    const { set, change } = started()
    expect(change(() => set({ secrets: [certificate('cert', 'NEW')] }))).toEqual({
      computed: { 'encoded secrets': 1, resources: 1 },
      changed: [key('secret', 'cert')],
    })
  })

  it('a route never touches a listener', () => {
    const { set, change } = started()
    const cors = { allowOrigins: ['*'], allowCredentials: false, allowMethods: [], allowHeaders: [], exposeHeaders: [], maxAgeSeconds: 1 }
    const externalAuth = {
      protocol: 'GRPC',
      cluster: 'b',
      pathPrefix: '',
      allowedRequestHeaders: [],
      allowedResponseHeaders: [],
      maxBodyBytes: 9,
    } as const
    const sessionPersistence = { kind: 'header', name: 's', lifetimeSeconds: 0, strict: true } as const
    const first = route({ cors, externalAuth, action: forward({ sessionPersistence }) })
    expect(change(() => set({ virtualHosts: [virtualHost([first], { domain: host('a.com') })] })).changed).toEqual([
      key('routeConfiguration', 't'),
    ])
  })

  it('a new generation that changes no byte moves the origins and nothing else', () => {
    const { set, change, xds } = started()
    const before = xds.resources.get(key('routeConfiguration', 't'))
    const same = virtualHost([toCluster('a')], { domain: host('a.com') })
    change(() => set({ virtualHosts: [{ ...same, origins: same.origins.map((one) => ({ ...one, generation: 2 })) }] }))
    const after = xds.resources.get(key('routeConfiguration', 't'))
    expect(after?.version).toBe(before?.version)
    expect(after?.origins.map(({ generation }) => generation)).toContain(2)
  })
})

it('says the same after any sequence of edits as from scratch', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const table = fc.constantFrom('t', 'u')
  const group = fc.constantFrom('g', 'h')
  const values = fc.oneof(
    fc
      .record({ table, name, to: name })
      .map(
        ({ table, name, to }): IrValues => ({ virtualHosts: [virtualHost([toCluster(to)], { routeTable: table, domain: host(name) })] }),
      ),
    fc.record({ table, group }).map(({ table, group }): IrValues => ({ routeTables: [routeTable({ name: table, group })] })),
    fc.record({ group, name, table }).map(
      ({ group, name, table }): IrValues => ({
        ports: [
          port({
            name: `${name}`,
            group,
            chains: [httpChain({ ...tlsChain, routeTable: table }), streamChain({ clusters: [weighted(name)] })],
          }),
        ],
      }),
    ),
    fc.record({ name, secret: name }).map(
      ({ name, secret }): IrValues => ({
        clusters: [cluster(name, { tls: { serverName: 'x', trust: { kind: 'material', name: secret }, subjectAltNames: [] } })],
      }),
    ),
    fc.record({ name, number: fc.nat(3) }).map(({ name, number }): IrValues => ({ endpoints: [endpoints(name, endpoint(number + 1))] })),
    name.map((secret): IrValues => ({ secrets: [certificate(secret)] })),
  )
  const removal = fc.tuple(
    fc.constantFrom('ports', 'routeTables', 'virtualHosts', 'clusters', 'endpoints', 'secrets'),
    fc.oneof(
      name,
      table,
      fc.tuple(table, name).map((parts) => parts.join('#')),
    ),
  )
  const edit = fc.oneof(
    { arbitrary: values.map((set) => ({ set })), weight: 4 },
    removal.map((remove) => ({ remove })),
    fc.constant('flush' as const),
  )
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 40 }), (edits) => {
      const live = irGraph()
      const fresh = irGraph()
      for (const one of edits) {
        if (one === 'flush') live.graph.flush()
        else if ('set' in one) live.set(one.set)
        else live.remove(...one.remove)
        if (one === 'flush') continue
        if ('set' in one) fresh.set(one.set)
        else fresh.remove(...one.remove)
      }
      live.graph.flush()
      fresh.graph.flush()
      expect(new Map(live.xds.resources.entries())).toEqual(new Map(fresh.xds.resources.entries()))
    }),
  )
})
