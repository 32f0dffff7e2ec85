/** EnvoyPatchPolicy through the real Envoy: what is changed, what is refused, and that nobody else notices. */
import { describe, expect, it } from '@jest/globals'
import { backend, gateway, httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { policyField } from './coverage/policy-field.js'

const world = featureWorld(['open'], undefined, () => ({ envoyPatches: true, routePacking: 'rds' }))
const ROUTES = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration'
const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster'
const LISTENER = 'type.googleapis.com/envoy.config.listener.v3.Listener'
const TABLE = 'default/gw/127.0.0.1/80/tcp'
const ROUTE = httpRoute('r', `[${under('/x', `name: x, ${to('open')}`)}, {${to('open')}}]`)

function policy(patches: string, name = 'p', rest = ''): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: EnvoyPatchPolicy
metadata: {name: ${name}}
spec: {targetRef: {group: gateway.networking.k8s.io, kind: Gateway, name: gw}, ${rest}jsonPatches: [${patches}]}
`
}

const patch = (operation: string, type = ROUTES, name = TABLE) => `{type: ${type}, name: "${name}", operation: {${operation}}}`
const adding = (value: string, at = '/virtual_hosts/0/response_headers_to_add') =>
  `op: add, path: ${at}, value: [{header: {key: x-patched, value: ${value}}}]`
const conditions = (name = 'p') => world.conditions(`EnvoyPatchPolicy/default/${name}`)
const patched = async (path = '/') => (await world.ask({ path })).headers['x-patched']
const DONE = ['Accepted=True/Accepted', 'Programmed=True/Programmed']

describe('EnvoyPatchPolicy', () => {
  policyField(
    [
      'EnvoyPatchPolicy {type,targetRef}',
      'EnvoyPatchPolicy jsonPatches.{type,name}',
      'EnvoyPatchPolicy jsonPatches.operation.{op,path,value}',
    ],
    'changes a resource, and its removal changes it back',
    async () => {
      await world.write(ROUTE, policy(patch(adding('"yes"'))))
      expect(conditions()).toEqual(DONE)
      expect(await patched()).toBe('yes')
      await world.write(ROUTE)
      expect(await patched()).toBeUndefined()
    },
  )

  policyField(['EnvoyPatchPolicy jsonPatches.operation.{jsonPath,from}'], 'finds places, copies and moves', async () => {
    const found = `op: add, jsonPath: "$.virtual_hosts[*].routes[?(@.name=='HTTPRoute/default/r/rule/0/match/0')]", path: /response_headers_to_add, value: [{header: {key: x-patched, value: found}}]`
    await world.write(ROUTE, policy(patch(found)))
    expect(conditions()).toEqual(DONE)
    expect([await patched('/x'), await patched('/')]).toEqual(['found', undefined])
    const list = '/virtual_hosts/0/response_headers_to_add'
    await world.write(
      ROUTE,
      policy(
        [
          patch(adding('one')),
          patch(`op: copy, from: ${list}/0, path: ${list}/-`),
          patch(`op: test, path: ${list}/1/header/key, value: x-patched`),
        ].join(', '),
      ),
    )
    expect(conditions()).toEqual(DONE)
    expect(await patched()).toBe('one, one')
    await world.write(ROUTE, policy([patch(adding('one')), patch(`op: move, from: ${list}, path: /response_headers_to_add`)].join(', ')))
    expect(conditions()).toEqual(DONE)
    expect(await patched()).toBe('one')
  })

  policyField(['EnvoyPatchPolicy priority'], 'policies are applied by their priority', async () => {
    const replace = (value: string, name: string, priority: number) => policy(patch(adding(value)), name, `priority: ${priority}, `)
    await world.write(ROUTE, replace('a', 'a', 2), replace('b', 'b', 1))
    expect(await patched()).toBe('a')
    await world.write(ROUTE, replace('a', 'a', 1), replace('b', 'b', 2))
    expect(await patched()).toBe('b')
  })

  it('clusters and listeners can be changed as well', async () => {
    const ofCluster = patch('op: replace, path: /connect_timeout, value: 3s', CLUSTER, 'Backend/default/open')
    const ofListener = patch('op: add, path: /stat_prefix, value: patched', LISTENER)
    await world.write(ROUTE, policy(`${ofCluster}, ${ofListener}`))
    expect(conditions()).toEqual(DONE)
    expect(await world.answerer()).toBe('open')
  }, 60_000)

  it('what Headgate does not know can be added all the same, and is for Envoy to judge', async () => {
    const filter = (config: string) =>
      `{name: envoy.filters.http.cdn_loop, typed_config: {"@type": type.googleapis.com/xds.type.v3.TypedStruct, type_url: type.googleapis.com/envoy.extensions.filters.http.cdn_loop.v3.CdnLoopConfig, value: ${config}}}`
    const adds = (config: string) => policy(patch(`op: add, jsonPath: $..http_filters, path: /0, value: ${filter(config)}`, LISTENER))
    await world.write(ROUTE, adds('{cdn_id: shop}'))
    expect(conditions()).toEqual(DONE)
    await eventually(async () => expect((await world.ask()).echo?.headers).toMatchObject({ 'cdn-loop': 'shop' }))
    await world.write(ROUTE, adds('{no_such_field: 1}'))
    await eventually(() => expect(conditions()).toEqual(['Accepted=False/Invalid', 'Programmed=False/Invalid']), 30_000)
    expect(await world.answerer()).toBe('open')
  }, 60_000)

  it.each([
    {
      what: 'a field that Envoy does not have',
      patches: patch('op: add, path: /virtual_hosts/0/no_such_field, value: 1'),
      words: /noSuchField|no_such_field/,
    },
    { what: 'a value of a wrong type', patches: patch('op: add, path: /virtual_hosts/0/domains, value: 1'), words: /domains/ },
    { what: 'a place that is not there', patches: patch('op: remove, path: /virtual_hosts/7'), words: /nothing at \/virtual_hosts\/7/ },
    { what: 'another name', patches: patch('op: replace, path: /name, value: other'), words: /name of a resource/ },
    {
      what: 'a message that Envoy does not have',
      patches: patch('op: add, path: /virtual_hosts/0/typed_per_filter_config, value: {x: {"@type": type.googleapis.com/no.such.Message}}'),
      words: /no\.such\.Message/,
    },
  ])(
    '$what is refused before a proxy sees it, and nothing else is lost',
    async ({ patches, words }) => {
      await world.write(
        ROUTE,
        policy(`${patches}, ${patch(adding('"no"'))}`, 'bad', 'priority: 1, '),
        policy(patch(adding('good')), 'good', 'priority: 2, '),
      )
      expect(conditions('bad')).toEqual(['Accepted=True/Accepted', 'Programmed=False/Invalid'])
      expect(JSON.stringify(world.headgate.status('EnvoyPatchPolicy/default/bad'))).toMatch(words)
      expect(conditions('good')).toEqual(DONE)
      expect(await patched()).toBe('good')
    },
    60_000,
  )

  it.each([
    {
      what: 'a resource that is not there',
      text: policy(patch(adding('x'), CLUSTER, 'Backend/default/missing')),
      want: ['Accepted=True/Accepted', 'Programmed=False/ResourceNotFound'],
    },
    {
      what: 'a Gateway that is not there',
      text: policy(patch(adding('x'))).replace('name: gw}', 'name: nowhere}'),
      want: ['Accepted=False/TargetNotFound', 'Programmed=False/TargetNotFound'],
    },
    {
      what: 'another kind',
      text: policy(patch(adding('x'))).replace('kind: Gateway', 'kind: HTTPRoute'),
      want: ['Accepted=False/Invalid', 'Programmed=False/Invalid'],
    },
    {
      what: 'nothing to add',
      text: policy(patch('op: add, path: /virtual_hosts/0/name')),
      want: ['Accepted=False/Invalid', 'Programmed=False/Invalid'],
    },
    {
      what: 'a listener of another Gateway',
      text: policy(patch(adding('x'), LISTENER, 'default/other/127.0.0.1/80/tcp')),
      want: ['Accepted=False/Invalid', 'Programmed=False/Invalid'],
    },
  ])(
    '$what: its status says so',
    async ({ text, want }) => {
      await world.write(ROUTE, text)
      expect(conditions()).toEqual(want)
      expect(await world.answerer()).toBe('open')
    },
    60_000,
  )

  it('what only Envoy refuses of a resource that comes later is the fault of the patch, and not of the resource', async () => {
    const early = policy(patch('op: add, path: /connect_timeout, value: -1s', CLUSTER, 'Backend/default/late'))
    await world.write(ROUTE, early)
    expect(conditions()).toEqual(['Accepted=True/Accepted', 'Programmed=False/ResourceNotFound'])
    const late = backend({ name: 'late', port: world.backend('open').port })
    await world.write(ROUTE, early, late, httpRoute('late', `[${under('/late', to('late'))}]`))
    await eventually(() => expect(conditions()).toEqual(['Accepted=False/Invalid', 'Programmed=False/Invalid']), 30_000)
    expect(JSON.stringify(world.headgate.status('EnvoyPatchPolicy/default/p'))).toMatch(/positive duration/)
    await eventually(async () => expect(await world.answerer({ path: '/late' })).toBe('open'), 30_000)
  }, 90_000)

  it('what only Envoy refuses is set aside alone, in its words, also when a route changes with it, until it changes', async () => {
    await world.write(ROUTE)
    const bad = patch('op: add, path: /virtual_hosts/0/domains/-, value: "*"')
    const added = httpRoute('added', `[${under('/added', `${to('open')}`)}]`)
    await world.write(ROUTE, added, policy(bad), policy(patch(adding('good')), 'good'))
    await eventually(() => expect(conditions()).toEqual(['Accepted=False/Invalid', 'Programmed=False/Invalid']), 30_000)
    expect(JSON.stringify(world.headgate.status('EnvoyPatchPolicy/default/p'))).toMatch(/[Dd]omain/)
    await eventually(async () => expect([await patched(), await world.answerer({ path: '/added' })]).toEqual(['good', 'open']), 30_000)
    expect(world.conditions('HTTPRoute/default/added')).toEqual(expect.arrayContaining(['Accepted=True/Accepted']))
    await world.write(ROUTE, added, policy(patch(adding('better'))))
    await eventually(async () => expect(await patched()).toBe('better'), 30_000)
    expect(conditions()).toEqual(DONE)
  }, 90_000)
})

describe('without --envoy-patches', () => {
  const off = featureWorld(['open'], () => gateway('gw'))
  it('nothing is changed, and the status says so', async () => {
    await off.write(ROUTE, policy(patch(adding('x'))))
    expect(off.conditions('EnvoyPatchPolicy/default/p')).toEqual(['Accepted=False/Disabled', 'Programmed=False/Disabled'])
    expect((await off.ask()).headers['x-patched']).toBeUndefined()
  }, 60_000)
})
