import { describe, expect, it } from '@jest/globals'
import { createAuthority } from '../../test/support/certificates.js'
import {
  certificateSecret,
  createRouteWorld,
  gateway,
  HTTP_LISTENER,
  paths,
  route,
  service,
  virtualHost,
} from '../../test/support/route-world.js'
import { briefly, type TranslationWorld } from '../../test/support/translation-world.js'
import type { RouteStatus } from './object-status.js'

const CERTIFICATE = certificateSecret('any', await (await createAuthority()).issue({ dns: ['*.example.com'] }))
const APP = 'backendRefs: [{ name: app, port: 8080 }]'
const RULES = `rules: [{ ${APP} }]`
const RESOLVED = 'ResolvedRefs=True ResolvedRefs'
const ACCEPTED = 'Accepted=True Accepted'

function statusOf(world: TranslationWorld, name = 'HTTPRoute/infra/r'): RouteStatus {
  const status = world.status(name)
  if (status?.shape !== 'route') throw new Error(`${name} has no status`)
  return status
}

const conditions = (world: TranslationWorld, name?: string): readonly (readonly string[])[] =>
  statusOf(world, name).parents.map((parent) => briefly(parent.conditions))

const namespace = (name: string, labels: string): string =>
  `\n---\n{ apiVersion: v1, kind: Namespace, metadata: { name: ${name}, labels: ${labels} } }\n`

describe('the condition Accepted of a route', () => {
  const from = (namespaces: string): string => `{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: ${namespaces} } }`
  const selector = from('{ from: Selector, selector: { matchLabels: { team: a } } }')

  it.each([
    { rule: 'a route of the same namespace', listeners: HTTP_LISTENER, options: {}, want: ACCEPTED },
    {
      rule: 'a route of another namespace, by default',
      listeners: HTTP_LISTENER,
      options: { namespace: 'team-a' },
      want: 'Accepted=False NotAllowedByListeners',
    },
    { rule: 'all namespaces', listeners: from('{ from: All }'), options: { namespace: 'team-a' }, want: ACCEPTED },
    { rule: 'a namespace with the label', listeners: selector, options: { namespace: 'team-a' }, want: ACCEPTED },
    {
      rule: 'a namespace without the label',
      listeners: selector,
      options: { namespace: 'team-b' },
      want: 'Accepted=False NotAllowedByListeners',
    },
    {
      rule: 'a selector that is not there, which selects nobody',
      listeners: from('{ from: Selector }'),
      options: { namespace: 'team-a' },
      want: 'Accepted=False NotAllowedByListeners',
    },
    {
      rule: 'a namespace that is not known',
      listeners: selector,
      options: { namespace: 'nowhere' },
      want: 'Accepted=False NotAllowedByListeners',
    },
    {
      rule: 'a namespace that is not known, whose labels nobody can say are not there',
      listeners: from('{ from: Selector, selector: { matchExpressions: [{ key: team, operator: NotIn, values: [b] }] } }'),
      options: { namespace: 'nowhere' },
      want: 'Accepted=False NotAllowedByListeners',
    },
    {
      rule: 'a kind that the listener does not list',
      listeners: '{ name: http, port: 80, protocol: HTTP, allowedRoutes: { kinds: [{ kind: GRPCRoute }] } }',
      options: {},
      want: 'Accepted=False NotAllowedByListeners',
    },
    {
      rule: 'a protocol that the kind cannot have',
      listeners: '{ name: tcp, port: 80, protocol: TCP }',
      options: {},
      want: 'Accepted=False NotAllowedByListeners',
    },
    {
      rule: 'a section that there is not',
      listeners: HTTP_LISTENER,
      options: { parents: '[{ name: gw, sectionName: other }]' },
      want: 'Accepted=False NoMatchingParent',
    },
    {
      rule: 'a port that there is not',
      listeners: HTTP_LISTENER,
      options: { parents: '[{ name: gw, port: 81 }]' },
      want: 'Accepted=False NoMatchingParent',
    },
    {
      rule: 'a section on another port than the one that is asked for',
      listeners: `${HTTP_LISTENER}, { name: other, port: 81, protocol: HTTP }`,
      options: { parents: '[{ name: gw, sectionName: http, port: 81 }]' },
      want: 'Accepted=False NoMatchingParent',
    },
    {
      rule: 'a section and its port',
      listeners: HTTP_LISTENER,
      options: { parents: '[{ name: gw, sectionName: http, port: 80 }]' },
      want: ACCEPTED,
    },
  ])('$rule: $want', ({ listeners, options, want }) => {
    const world = createRouteWorld([
      gateway(listeners),
      namespace('team-a', '{ team: a }'),
      namespace('team-b', '{ team: b }'),
      route('r', 'rules: [{}]', options),
    ])
    expect(conditions(world, `HTTPRoute/${'namespace' in options ? options.namespace : 'infra'}/r`)).toEqual([[want, RESOLVED]])
  })

  it('is False for hostnames that no listener covers', () => {
    const world = createRouteWorld([
      gateway('{ name: http, port: 80, protocol: HTTP, hostname: "*.a.com" }'),
      route('r', `hostnames: [b.com], ${RULES}`),
    ])
    expect(conditions(world)).toEqual([['Accepted=False NoMatchingListenerHostname', RESOLVED]])
  })

  it('follows the labels of the namespace', () => {
    const world = createRouteWorld([gateway(selector), namespace('team-a', '{}'), route('r', 'rules: [{}]', { namespace: 'team-a' })])
    expect(conditions(world, 'HTTPRoute/team-a/r')).toEqual([['Accepted=False NotAllowedByListeners', RESOLVED]])
    world.apply(namespace('team-a', '{ team: a }'))
    expect(conditions(world, 'HTTPRoute/team-a/r')).toEqual([[ACCEPTED, RESOLVED]])
  })

  it('is said once per parentRef of ours, with the parentRef as it is written', () => {
    const parents = '[{ name: gw, sectionName: other }, { name: foreign }, { name: gw, namespace: infra, sectionName: http }]'
    const { parents: said } = statusOf(createRouteWorld([gateway(HTTP_LISTENER), route('r', RULES, { parents })]))
    const group = 'gateway.networking.k8s.io'
    expect(said.map((each) => each.parentRef)).toEqual([
      { group, kind: 'Gateway', name: 'gw', sectionName: 'other' },
      { group, kind: 'Gateway', name: 'gw', namespace: 'infra', sectionName: 'http' },
    ])
    expect(said.map((each) => briefly(each.conditions)[0])).toEqual(['Accepted=False NoMatchingParent', ACCEPTED])
  })

  it('is not said of routes whose parents are not ours', () => {
    expect(
      createRouteWorld([gateway(HTTP_LISTENER), route('r', RULES, { parents: '[{ name: foreign }]' })]).status('HTTPRoute/infra/r'),
    ).toBeUndefined()
  })

  it('has the generation of the route', () => {
    const world = createRouteWorld([gateway(HTTP_LISTENER), route('r', RULES)])
    world.apply(route('r', `hostnames: [a.com], ${RULES}`))
    const { object, parents } = statusOf(world)
    expect(object.generation).toBe(2)
    expect(parents.flatMap((each) => each.conditions.map((condition) => condition.observedGeneration))).toEqual([2, 2])
  })

  it('names the hosts that no listener covers, where others are served', () => {
    const listeners = '{ name: a, port: 80, protocol: HTTP, hostname: "*.a.com" }, { name: b, port: 80, protocol: HTTP, hostname: b.com }'
    const parents = '[{ name: gw, sectionName: a }, { name: gw, sectionName: b }]'
    const messages = (hostnames: string): readonly (string | undefined)[] => {
      const world = createRouteWorld([gateway(listeners), service('app'), route('r', `hostnames: [${hostnames}], ${RULES}`, { parents })])
      return statusOf(world).parents.map(({ conditions: [accepted] }) => accepted?.message)
    }
    const all = 'The route is accepted.'
    expect(messages('x.a.com, b.com')).toEqual([all, all])
    const some = `${all} No listener that takes it covers a.com, x.b.com.`
    expect(messages('x.a.com, a.com, b.com, x.b.com')).toEqual([some, some])
    expect(messages('x.a.com, c.com')).toEqual([
      `${all} No listener that takes it covers c.com.`,
      "None of the route's hostnames is covered by a listener; the listeners serve b.com.",
    ])
  })
})

describe('default Gateways', () => {
  const asks = (more = ''): string => route('r', `useDefaultGateways: All, ${RULES}`, { parents: `[${more}]` })

  it('take routes that ask for them, as parents of their own', () => {
    const world = createRouteWorld([gateway(HTTP_LISTENER, 'defaultScope: All'), asks()])
    expect(statusOf(world).parents).toMatchObject([{ parentRef: { kind: 'Gateway', namespace: 'infra', name: 'gw' } }])
    expect(conditions(world)).toEqual([[ACCEPTED, RESOLVED]])
    expect(paths(virtualHost(world.translation.gatewayApi, '*'))).toEqual(['r /'])
  })

  it('are only those that say so', () => {
    expect(createRouteWorld([gateway(HTTP_LISTENER), asks()]).status('HTTPRoute/infra/r')).toBeUndefined()
  })

  it('are not added where the route names them', () => {
    expect(statusOf(createRouteWorld([gateway(HTTP_LISTENER, 'defaultScope: All'), asks('{ name: gw }')])).parents).toHaveLength(1)
    const set = asks('{ kind: ListenerSet, name: gw }')
    expect(statusOf(createRouteWorld([gateway(HTTP_LISTENER, 'defaultScope: All'), set])).parents).toMatchObject([
      { parentRef: { kind: 'Gateway', name: 'gw' } },
    ])
  })
})

describe('the condition ResolvedRefs of a route', () => {
  const to = (ref: string): string => `rules: [{ backendRefs: [{ ${ref} }] }]`
  const mirror = 'rules: [{ filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: missing, port: 80 } } }], '

  it.each([
    { rule: 'a Service', spec: RULES, want: RESOLVED },
    { rule: 'no backend at all', spec: 'rules: [{}]', want: RESOLVED },
    { rule: 'a Service that is missing', spec: to('name: missing, port: 80'), want: 'ResolvedRefs=False BackendNotFound' },
    { rule: 'a port that the Service does not have', spec: to('name: app, port: 81'), want: 'ResolvedRefs=False BackendNotFound' },
    { rule: 'an unknown kind', spec: to('group: example.com, kind: Thing, name: app'), want: 'ResolvedRefs=False InvalidKind' },
    {
      rule: 'a kind of another group',
      spec: to('group: example.com, kind: Service, name: app, port: 80'),
      want: 'ResolvedRefs=False InvalidKind',
    },
    {
      rule: 'another namespace without a grant',
      spec: to('name: app, namespace: other, port: 8080'),
      want: 'ResolvedRefs=False RefNotPermitted',
    },
    {
      rule: 'another namespace without a grant, missing',
      spec: to('name: missing, namespace: other, port: 80'),
      want: 'ResolvedRefs=False RefNotPermitted',
    },
    { rule: 'another namespace with a grant', spec: to('name: granted, namespace: other, port: 8080'), want: RESOLVED },
    {
      rule: 'another namespace whose grant names an object "*"',
      spec: to('name: app, namespace: starred, port: 8080'),
      want: 'ResolvedRefs=False RefNotPermitted',
    },
    { rule: 'a protocol that is not HTTP', spec: to('name: odd, port: 8080'), want: 'ResolvedRefs=False UnsupportedProtocol' },
    { rule: 'a mirror that leads nowhere', spec: `${mirror}${APP} }]`, want: 'ResolvedRefs=False BackendNotFound' },
    {
      rule: 'a filter that we do not know',
      spec: `rules: [{ filters: [{ type: ExtensionRef, extensionRef: { group: example.com, kind: Thing, name: x } }], ${APP} }]`,
      want: 'ResolvedRefs=False InvalidKind',
    },
  ])('$rule: $want', ({ spec, want }) => {
    const world = createRouteWorld([
      gateway(HTTP_LISTENER),
      service('app', '{ port: 8080 }', 'other'),
      service('granted', '{ port: 8080 }', 'other'),
      service('app', '{ port: 8080 }', 'starred'),
      service('odd', '{ port: 8080, appProtocol: example.com/odd }'),
      `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: g, namespace: other }
spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: infra }], to: [{ group: "", kind: Service, name: granted }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: g, namespace: starred }
spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: infra }], to: [{ group: "", kind: Service, name: "*" }] }
`,
      route('r', spec),
    ])
    expect(conditions(world)).toEqual([[ACCEPTED, want]])
  })

  it('is said of routes that are not accepted too', () => {
    const parents = '[{ name: gw, sectionName: other }]'
    expect(conditions(createRouteWorld([gateway(HTTP_LISTENER), route('r', to('name: missing, port: 1'), { parents })]))).toEqual([
      ['Accepted=False NoMatchingParent', 'ResolvedRefs=False BackendNotFound'],
    ])
  })

  it('is revoked with the grant', () => {
    const grant = `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: g, namespace: other }
spec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: infra }], to: [{ group: "", kind: Service }] }
`
    const world = createRouteWorld([
      gateway(HTTP_LISTENER),
      service('app', '{ port: 8080 }', 'other'),
      grant,
      route('r', to('name: app, namespace: other, port: 8080')),
    ])
    expect(conditions(world)).toEqual([[ACCEPTED, RESOLVED]])
    world.remove('ReferenceGrant', 'other', 'g')
    expect(conditions(world)).toEqual([[ACCEPTED, 'ResolvedRefs=False RefNotPermitted']])
    expect(world.translation.gatewayApi.clusters.size).toBe(0)
  })
})

describe('rules that cannot be used', () => {
  const bad = `{ matches: [{ path: { type: RegularExpression, value: "[a-" } }], ${APP} }`

  it('are dropped, and the route is partially invalid', () => {
    const world = createRouteWorld([gateway(HTTP_LISTENER), route('r', `rules: [${bad}, { matches: [{ path: { value: /x } }], ${APP} }]`)])
    expect(conditions(world)).toEqual([[ACCEPTED, RESOLVED, 'PartiallyInvalid=True UnsupportedValue']])
    expect(statusOf(world).parents[0]?.conditions[2]?.message).toMatch(
      /^Dropped Rule 0: spec\.rules\[0\]\.matches\[0\]\.path\.value: the regular expression is not valid RE2/,
    )
    expect(paths(virtualHost(world.translation.gatewayApi, '*'))).toEqual(['r /x'])
  })

  it('count once, however much is wrong with them', () => {
    const rewrite = '{ type: URLRewrite, urlRewrite: { hostname: a.com } }'
    const redirect = '{ type: RequestRedirect, requestRedirect: { hostname: b.com } }'
    const worse = `{ matches: [{ path: { type: RegularExpression, value: "[a-" } }], filters: [${rewrite}], backendRefs: [{ name: app, port: 8080, filters: [${redirect}] }] }`
    const world = createRouteWorld([
      gateway(HTTP_LISTENER),
      route('r', `rules: [${worse}, { matches: [{ path: { value: /x } }], ${APP} }]`),
    ])
    expect(conditions(world)).toEqual([[ACCEPTED, RESOLVED, 'PartiallyInvalid=True UnsupportedValue']])
  })

  it('make the route unacceptable when there are no others, and it is not counted', () => {
    const world = createRouteWorld([gateway(HTTP_LISTENER), route('r', `rules: [${bad}]`)])
    expect(conditions(world)).toEqual([['Accepted=False UnsupportedValue', RESOLVED]])
    expect(world.status('Gateway/infra/gw')).toMatchObject({ listeners: [{ attachedRoutes: 0 }] })
  })
})

describe('what a filter cannot do', () => {
  const modifier = (change: string): string => `{ type: RequestHeaderModifier, requestHeaderModifier: { ${change} } }`
  const rule = (filters: string, ofBackends = ''): string =>
    `rules: [{ filters: [${filters}], backendRefs: [{ name: app, port: 8080, filters: [${ofBackends}] }, { name: app, port: 8080 }] }]`
  const told = 'spec.rules[0]: RequestHeaderModifier can set the header "host", but neither add to it nor remove it.'

  it.each([
    { what: 'a host that is removed', spec: rule(modifier('remove: [Host]')), want: told },
    { what: 'a host that is added', spec: rule(modifier('add: [{ name: HOST, value: b.com }]')), want: told },
    { what: 'a host that is removed for a backend', spec: rule('', modifier('remove: [host]')), want: told },
    { what: 'a host that is set', spec: rule(modifier('set: [{ name: Host, value: b.com }], remove: [x]')), want: undefined },
  ])('is said: $what', ({ spec, want }) => {
    const world = createRouteWorld([gateway(HTTP_LISTENER), route('r', spec), service('app')])
    const said = statusOf(world).parents[0]?.conditions.find(({ type }) => type === 'PartiallyInvalid')
    expect(said?.message).toBe(want)
  })
})

describe('a route that Envoy refused', () => {
  it('answers 500 while it is new, and says in whose words', () => {
    const world = createRouteWorld([gateway(HTTP_LISTENER), route('r', RULES)])
    world.translation.inputs.quarantines.set('HTTPRoute/infra/r', { generation: 1, state: 'rejected', message: 'no such thing' })
    expect(conditions(world)).toEqual([[ACCEPTED, RESOLVED, 'headgate.dev/Delivered=False Rejected']])
    expect(statusOf(world).parents[0]?.conditions[2]?.message).toContain('no such thing')
    expect(virtualHost(world.translation.gatewayApi, '*')?.routes.map((each) => each.action)).toEqual([
      { kind: 'directResponse', statusCode: 500 },
    ])
    expect(world.translation.gatewayApi.clusters.size).toBe(0)
  })

  it('goes on as it last was, where that is known, and serves again when it changes', () => {
    const world = createRouteWorld([gateway(HTTP_LISTENER), route('r', `rules: [{ matches: [{ path: { value: /one } }], ${APP} }]`)])
    const { inputs, gatewayApi } = world.translation
    const lastGood = inputs.kind('HTTPRoute').get('infra/r')
    world.apply(route('r', `rules: [{ matches: [{ path: { value: /two } }], ${APP} }]`))
    if (lastGood === undefined) throw new Error('the route is not there')
    inputs.quarantines.set('HTTPRoute/infra/r', { generation: 2, state: 'rejected', message: 'no', lastGood })
    expect(conditions(world)).toEqual([[ACCEPTED, RESOLVED, 'headgate.dev/Delivered=False Rejected']])
    expect(statusOf(world).object.generation).toBe(2)
    expect(paths(virtualHost(gatewayApi, '*'))).toEqual(['r /one'])
    world.apply(route('r', `rules: [{ matches: [{ path: { value: /three } }], ${APP} }]`))
    world.flush()
    expect(paths(virtualHost(gatewayApi, '*'))).toEqual(['r /three'])
  })
})

it('is delivered when every proxy has it', () => {
  const world = createRouteWorld([gateway(HTTP_LISTENER), route('r', RULES)])
  world.deliver('HTTPRoute/infra/r')
  expect(conditions(world)).toEqual([[ACCEPTED, RESOLVED, 'headgate.dev/Delivered=True Delivered']])
})

describe('a route that is accepted and serves nobody', () => {
  const served = (world: TranslationWorld, name: string): readonly (string | undefined)[] =>
    statusOf(world, name).parents.map(
      ({ conditions: all }) => all.find(({ type, status }) => type === 'headgate.dev/Delivered' && status === 'False')?.message,
    )
  const tls = (name: string, more = '') =>
    `{ name: ${name}, port: 443, protocol: HTTPS, hostname: ${name}.example.com, tls: { certificateRefs: [{ name: missing }] }${more} }`

  it('says so where no listener that takes it serves, and not where one does', () => {
    const listeners = [HTTP_LISTENER, tls('a'), tls('b')].join(', ')
    const world = createRouteWorld([
      gateway(listeners),
      route('each', RULES, { parents: '[{ name: gw, sectionName: a }, { name: gw, sectionName: http }]' }),
      route('both', RULES, { parents: '[{ name: gw, port: 443 }]' }),
      route('all', RULES),
      service('app'),
    ])
    const IDLE = [ACCEPTED, RESOLVED, 'headgate.dev/Delivered=False NotServed']
    const of = (name: string) => [conditions(world, `HTTPRoute/infra/${name}`), served(world, `HTTPRoute/infra/${name}`)]
    expect(of('each')).toEqual([
      [IDLE, [ACCEPTED, RESOLVED]],
      ['The listener "a" serves nobody: see the conditions there.', undefined],
    ])
    expect(of('both')).toEqual([[IDLE], ['The listeners "a", "b" serve nobody: see the conditions there.']])
    expect(of('all')).toEqual([[[ACCEPTED, RESOLVED]], [undefined]])
  })

  it.each([
    { protocol: 'HTTP', how: '', kind: 'HTTPRoute' },
    { protocol: 'HTTPS', how: ', tls: { certificateRefs: [{ name: any }] }', kind: 'HTTPRoute' },
    { protocol: 'TLS', how: ', tls: { mode: Passthrough }', kind: 'TLSRoute' },
  ] as const)(
    'says so where all its hosts belong to more specific listeners of $protocol, for as long as they do',
    ({ protocol, how, kind }) => {
      const listener = (name: string, host: string) => `{ name: ${name}, port: 443, protocol: ${protocol}, hostname: "${host}"${how} }`
      const wide = listener('wide', '*.example.com')
      const to = (name: string, hosts: string, parents = '[{ name: gw, sectionName: wide }]') =>
        route(name, `hostnames: [${hosts}], rules: [{ ${APP} }]`, { kind, parents })
      const world = createRouteWorld([
        CERTIFICATE,
        gateway([wide, listener('one', 'one.example.com'), listener('some', '*.some.example.com')].join(', ')),
        to('lost', 'one.example.com, a.some.example.com, "*.b.some.example.com"'),
        to('partly', 'one.example.com, other.example.com'),
        to('wider', '"*.example.com"'),
        to('everywhere', 'two.some.example.com', '[{ name: gw }]'),
      ])
      const said = (...names: string[]) => names.map((name) => served(world, `${kind}/infra/${name}`)[0])
      const elsewhere = 'Nothing comes to it: its hosts belong to more specific listeners of the port.'
      expect(said('lost', 'partly', 'wider', 'everywhere')).toEqual([elsewhere, undefined, undefined, undefined])
      world.apply(gateway([wide, listener('other', 'other.example.com'), listener('one', 'one.example.com')].join(', ')))
      expect(said('lost', 'partly')).toEqual([undefined, elsewhere])
      world.apply(gateway(wide))
      expect(said('lost', 'partly')).toEqual([undefined, undefined])
    },
  )

  const L4 = 'rules: [{ backendRefs: [{ name: app, port: 8080 }] }]'
  const other = '2026-01-02T00:00:00Z'
  it.each([
    { kind: 'TCPRoute', listener: '{ name: l, port: 90, protocol: TCP }' },
    { kind: 'UDPRoute', listener: '{ name: l, port: 90, protocol: UDP }' },
    {
      kind: 'TLSRoute',
      listener: '{ name: l, port: 90, protocol: TLS, tls: { mode: Passthrough } }',
      hosts: 'hostnames: [a.example.com], ',
    },
  ] as const)('names the $kind that goes first, for as long as it is there', ({ kind, listener, ...more }) => {
    const spec = `${'hosts' in more ? more.hosts : ''}${L4}`
    const older = route('older', spec, { kind })
    const base = [gateway(listener), service('app'), route('younger', spec, { kind, created: other })]
    const world = createRouteWorld([...base, older])
    expect(served(world, `${kind}/infra/older`)).toEqual([undefined])
    expect(served(world, `${kind}/infra/younger`)).toEqual([
      `Nothing comes to it: ${kind}/infra/older goes first, which is older or has the smaller name.`,
    ])
    expect(served(createRouteWorld(base), `${kind}/infra/younger`)).toEqual([undefined])
  })

  it('leaves a TLSRoute alone that has a host of its own', () => {
    const listener = '{ name: l, port: 90, protocol: TLS, tls: { mode: Passthrough } }'
    const of = (name: string, hosts: string, created?: string) =>
      route(name, `hostnames: [${hosts}], ${L4}`, { kind: 'TLSRoute', ...(created === undefined ? {} : { created }) })
    const world = createRouteWorld([
      gateway(listener),
      service('app'),
      of('first', 'a.example.com, "*.b.example.com"'),
      of('second', 'a.example.com, x.b.example.com', other),
      of('third', 'a.example.com', other),
    ])
    expect(['first', 'second', 'third'].map((name) => served(world, `TLSRoute/infra/${name}`)[0])).toEqual([
      undefined,
      undefined,
      'Nothing comes to it: TLSRoute/infra/first goes first, which is older or has the smaller name.',
    ])
  })
})
