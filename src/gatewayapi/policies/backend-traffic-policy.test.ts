import { describe, expect, it } from '@jest/globals'
import { gateway, HTTP_LISTENER, HTTP_TABLE, route } from '../../../test/support/route-world.js'
import { briefly, createTranslationWorld, type TranslationWorld } from '../../../test/support/translation-world.js'
import type { Cluster } from '../../ir/cluster.js'
import type { Forward } from '../../ir/forward.js'

interface PolicyOptions {
  readonly namespace?: string
  readonly created?: string
}

function policy(name: string, spec: string, { namespace = 'infra', created = '2026-01-01T00:00:00Z' }: PolicyOptions = {}): string {
  return `
---
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: ${name}, namespace: ${namespace}, creationTimestamp: "${created}" }
spec: { ${spec} }
`
}

const GATEWAY = '{ group: gateway.networking.k8s.io, kind: Gateway, name: gw }'
const ROUTE = '{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: r }'
const RULE = '{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: first }'
const LISTENER = '{ group: gateway.networking.k8s.io, kind: Gateway, name: gw, sectionName: other }'
const SERVICE = '{ group: "", kind: Service, name: app }'
const connections = (count: number) => `circuitBreaker: { maxConnections: ${count} }`

const SERVICE_OBJECT = `
---
apiVersion: v1
kind: Service
metadata: { name: app, namespace: infra }
spec: { ports: [{ name: http, port: 80 }] }
`
const LISTENERS = `${HTTP_LISTENER}, { name: other, port: 80, protocol: HTTP, hostname: other.example.com }`
const RULES = `rules: [{ name: first, matches: [{ path: { value: /first } }], backendRefs: [{ name: app, port: 80 }] }, { backendRefs: [{ name: app, port: 80 }] }]`

function world(...objects: readonly string[]): TranslationWorld {
  const made = createTranslationWorld()
  for (const each of [gateway(LISTENERS), SERVICE_OBJECT, route('r', RULES), ...objects]) made.apply(each)
  made.place('infra/gw')
  made.flush()
  return made
}

/** What a rule does for a host. */
function forwardOf({ translation }: TranslationWorld, path: string, domain = '*'): Forward {
  const host = translation.gatewayApi.virtualHosts.get(`${HTTP_TABLE}#${domain}`)
  const action = host?.routes.find((each) => each.match.path.value === path)?.action
  if (action?.kind !== 'forward') throw new Error(`${path} is not forwarded`)
  return action
}

function clusterOf(made: TranslationWorld, path: string, domain?: string): Cluster {
  const name = forwardOf(made, path, domain).clusters[0]?.cluster ?? ''
  const found = made.translation.gatewayApi.clusters.get(name)
  if (found === undefined) throw new Error(`there is no cluster ${name}`)
  return found
}

/** Where each path may have how many connections: the rule with a name, the other one, and the other one on the other listener. */
function limits(made: TranslationWorld): readonly (number | undefined)[] {
  return [clusterOf(made, '/first'), clusterOf(made, '/'), clusterOf(made, '/', 'other.example.com')].map(
    ({ traffic }) => traffic.limits?.connections,
  )
}

function conditions(made: TranslationWorld, name: string): readonly string[] {
  const status = made.status(`BackendTrafficPolicy/infra/${name}`)
  if (status?.shape !== 'policy') throw new Error(`${name} has no status`)
  return status.ancestors.map(({ ancestorRef, conditions: each }) => `${ancestorRef.kind}/${ancestorRef.name}: ${briefly(each).join(', ')}`)
}

describe('where a BackendTrafficPolicy holds', () => {
  it.each([
    { about: 'a Gateway', targets: [GATEWAY], want: [7, 7, 7] },
    { about: 'a listener', targets: [LISTENER], want: [undefined, undefined, 7] },
    { about: 'a route', targets: [ROUTE], want: [7, 7, 7] },
    { about: 'a rule', targets: [RULE], want: [7, undefined, undefined] },
    { about: 'a Service', targets: [SERVICE], want: [7, 7, 7] },
    {
      about: 'a port of a Service',
      targets: ['{ group: "", kind: Service, name: app, sectionName: http }'],
      want: [7, 7, 7],
    },
  ])('$about', ({ targets, want }) => {
    const made = world(policy('p', `targetRefs: [${targets.join(', ')}], ${connections(7)}`))
    expect(limits(made)).toEqual(want)
    expect(conditions(made, 'p')).toEqual(['Gateway/gw: Accepted=True Accepted'])
  })

  it('objects that it selects, and those alone', () => {
    const selecting = policy('p', `targetSelectors: [{ kind: HTTPRoute, matchLabels: { team: a } }], ${connections(7)}`)
    const made = world(selecting)
    expect(limits(made)).toEqual([undefined, undefined, undefined])
    expect(conditions(made, 'p')).toEqual(['BackendTrafficPolicy/p: Accepted=False TargetNotFound'])
    made.apply(route('r', RULES).replace('name: r,', 'name: r, labels: { team: a },'))
    made.flush()
    expect(limits(made)).toEqual([7, 7, 7])
    expect(conditions(made, 'p')).toEqual(['Gateway/gw: Accepted=True Accepted'])
  })

  it('another namespace only where that grants it', () => {
    const made = world(
      policy('p', `targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gw, namespace: infra }], ${connections(7)}`, {
        namespace: 'app',
      }),
    )
    const status = () => made.status('BackendTrafficPolicy/app/p')
    expect(limits(made)).toEqual([undefined, undefined, undefined])
    expect(status()).toMatchObject({ ancestors: [{ conditions: [{ status: 'False', reason: 'RefNotPermitted' }] }] })
    made.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: g, namespace: infra }
spec: { from: [{ group: headgate.dev, kind: BackendTrafficPolicy, namespace: app }], to: [{ group: gateway.networking.k8s.io, kind: Gateway }] }
`)
    made.flush()
    expect(limits(made)).toEqual([7, 7, 7])
    expect(status()).toMatchObject({ ancestors: [{ conditions: [{ status: 'True' }] }] })
  })
})

describe('several BackendTrafficPolicies', () => {
  it('are merged from the Gateway to the Service, field by field', () => {
    const made = world(
      policy('gw', `targetRefs: [${GATEWAY}], ${connections(1)}, http2: { maxConcurrentStreams: 5 }`),
      policy('route', `targetRefs: [${ROUTE}], ${connections(2)}`),
      policy('rule', `targetRefs: [${RULE}], ${connections(3)}`),
    )
    expect(limits(made)).toEqual([3, 2, 2])
    expect(clusterOf(made, '/first').traffic.http).toEqual({ maxConcurrentStreams: 5 })
    expect(clusterOf(made, '/first').name).toBe('Service/infra/app/80~infra/gw~infra/rule')
    expect(conditions(made, 'gw')).toEqual(['Gateway/gw: Accepted=True Accepted, Overridden=True Overridden, Merged=True Merged'])
    expect(made.status('BackendTrafficPolicy/infra/gw')).toMatchObject({
      ancestors: [
        {
          conditions: [
            {},
            {
              message:
                'Other policies decide, for some requests, circuitBreaker.maxConnections ("infra/route"), circuitBreaker.maxConnections ("infra/rule").',
            },
            {},
          ],
        },
      ],
    })
    made.apply(policy('service', `targetRefs: [${SERVICE}], ${connections(4)}`))
    made.flush()
    expect(limits(made)).toEqual([4, 4, 4])
  })

  it('an override of the Gateway holds for everything inside', () => {
    const made = world(
      policy('gw', `targetRefs: [${GATEWAY}], overrides: { ${connections(1)} }`),
      policy('route', `targetRefs: [${ROUTE}], ${connections(2)}`),
      policy('service', `targetRefs: [${SERVICE}], ${connections(4)}`),
    )
    expect(limits(made)).toEqual([1, 1, 1])
    expect(conditions(made, 'route')).toEqual(['Gateway/gw: Accepted=True Accepted, Overridden=True Overridden'])
  })

  it('about one target: the older decides, and the other is told', () => {
    const made = world(
      policy('a', `targetRefs: [${ROUTE}], ${connections(1)}`, { created: '2026-02-01T00:00:00Z' }),
      policy('b', `targetRefs: [${ROUTE}], ${connections(2)}`),
    )
    expect(limits(made)).toEqual([2, 2, 2])
    expect(conditions(made, 'a')).toEqual(['Gateway/gw: Accepted=False Conflicted'])
    expect(made.status('BackendTrafficPolicy/infra/a')).toMatchObject({
      ancestors: [{ conditions: [{ message: 'Older policies about the same target decide circuitBreaker.maxConnections ("infra/b").' }] }],
    })
  })
})

describe('what holds for requests', () => {
  const SETTINGS = 'timeouts: { http: { requestTimeout: 3s } }, retry: { numRetries: 4, retryOn: { httpStatusCodes: [503] } }'

  it('comes from the policy where the rule says nothing', () => {
    const forward = forwardOf(world(policy('p', `targetRefs: [${GATEWAY}], ${SETTINGS}`)), '/')
    expect(forward.timeouts).toEqual({ requestMs: 3_000, perTryMs: 0 })
    expect(forward.retry).toEqual({ attempts: 4, statusCodes: [503], triggers: [], connectionErrors: false })
    expect(forward.clusters[0]?.cluster).toBe('Service/infra/app/80')
  })

  it.each([
    { rule: 'the rule itself wins over settings', spec: SETTINGS, want: 1_000, attempts: 1 },
    { rule: 'overrides win over the rule', spec: `overrides: { ${SETTINGS} }`, want: 3_000, attempts: 4 },
  ])('$rule', ({ spec, want, attempts }) => {
    const own = `rules: [{ timeouts: { request: 1s }, retry: { attempts: 1 }, backendRefs: [{ name: app, port: 80 }] }]`
    const forward = forwardOf(world(policy('p', `targetRefs: [${ROUTE}], ${spec}`), route('r', own)), '/')
    expect([forward.timeouts.requestMs, forward.retry?.attempts]).toEqual([want, attempts])
  })
})

describe('what a BackendTrafficPolicy cannot be', () => {
  const hash = (more: string) => `loadBalancer: { type: ConsistentHash, consistentHash: { type: SourceIP${more} } }`
  it.each([
    {
      what: 'about a Gateway that is not there',
      spec: `targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: no }]`,
      want: 'Gateway/no: Accepted=False TargetNotFound',
    },
    {
      what: 'about a listener that is not there',
      spec: `targetRefs: [${LISTENER.replace('other', 'no')}]`,
      want: 'Gateway/gw: Accepted=False TargetNotFound',
    },
    {
      what: 'about a rule that is not there',
      spec: `targetRefs: [${RULE.replace('first', 'no')}]`,
      want: 'HTTPRoute/r: Accepted=False TargetNotFound',
    },
    {
      what: 'about a port that is not there',
      spec: 'targetRefs: [{ group: "", kind: Service, name: app, sectionName: no }]',
      want: 'Service/app: Accepted=False TargetNotFound',
    },
    {
      what: 'about another kind',
      spec: 'targetRefs: [{ group: "", kind: ConfigMap, name: app }]',
      want: 'ConfigMap/app: Accepted=False Invalid',
    },
    {
      what: 'retries of a Service',
      spec: `targetRefs: [${SERVICE}], retry: { numRetries: 1 }`,
      want: 'Service/app: Accepted=False UnsupportedValue',
    },
    { what: 'a hash of a Service', spec: `targetRefs: [${SERVICE}], ${hash('')}`, want: 'Service/app: Accepted=False UnsupportedValue' },
    {
      what: 'overriding retries of a Service',
      spec: `targetRefs: [${SERVICE}], overrides: { retry: { numRetries: 1 } }`,
      want: 'Service/app: Accepted=False UnsupportedValue',
    },
    {
      what: 'a name that is looked up every millisecond',
      spec: `targetRefs: [${GATEWAY}], dns: {dnsRefreshRate: 1ms}`,
      want: 'Gateway/gw: Accepted=False UnsupportedValue',
    },
    {
      what: 'endpoints that are asked every millisecond',
      spec: `targetRefs: [${GATEWAY}], healthCheck: {active: {type: TCP, interval: 1ms}}`,
      want: 'Gateway/gw: Accepted=False UnsupportedValue',
    },
    {
      what: 'a table of an even size',
      spec: `targetRefs: [${ROUTE}], ${hash(', tableSize: 100')}`,
      want: 'Gateway/gw: Accepted=False UnsupportedValue',
    },
    {
      what: 'a keepalive of less than a second',
      spec: `targetRefs: [${ROUTE}], tcpKeepalive: { interval: 500ms }`,
      want: 'Gateway/gw: Accepted=False UnsupportedValue',
    },
    {
      what: 'no time to connect',
      spec: `targetRefs: [${ROUTE}], timeouts: { tcp: { connectTimeout: 0s } }`,
      want: 'Gateway/gw: Accepted=False UnsupportedValue',
    },
  ])('$what', ({ spec, want }) => {
    const made = world(policy('p', `${spec}, http2: { maxConcurrentStreams: 5 }`))
    expect(conditions(made, 'p')).toEqual([want])
    expect(clusterOf(made, '/').traffic.http).toBeUndefined()
  })

  it('says in the last entry how many more there are', () => {
    const names = Array.from({ length: 16 }, (_, i) => `{ group: gateway.networking.k8s.io, kind: Gateway, name: no${i} }`)
    const made = world(
      policy('p', `targetRefs: [${names.join(', ')}], targetSelectors: [{ kind: HTTPRoute, matchLabels: { team: a } }], ${connections(7)}`),
      route('r', RULES).replace('name: r,', 'name: r, labels: { team: a },'),
    )
    const status = made.status('BackendTrafficPolicy/infra/p')
    const entries = status?.shape === 'policy' ? status.ancestors : []
    expect(entries).toHaveLength(16)
    expect(entries.at(-1)?.conditions[0]?.message).toContain('1 more are not listed')
  })
})

it('a gRPC health check is left out where no HTTP/2 is spoken, and the status says so', () => {
  const made = world(policy('p', `targetRefs: [${GATEWAY}], healthCheck: { panicThreshold: 5, active: { type: GRPC } }`))
  expect(clusterOf(made, '/').traffic).toMatchObject({ panicThresholdPercent: 5 })
  expect(clusterOf(made, '/').traffic.activeHealthCheck).toBeUndefined()
  expect(conditions(made, 'p')).toEqual(['Gateway/gw: Accepted=True Accepted, PartiallyInvalid=True UnsupportedValue'])
  made.apply(SERVICE_OBJECT.replace('name: http,', 'name: http, appProtocol: kubernetes.io/h2c,'))
  made.flush()
  expect(clusterOf(made, '/').traffic.activeHealthCheck?.question).toEqual({ kind: 'grpc' })
  expect(conditions(made, 'p')).toEqual(['Gateway/gw: Accepted=True Accepted'])
})

describe('the cost of a change', () => {
  const ROUTES = 40

  function many(): TranslationWorld {
    const routes = Array.from({ length: ROUTES }, (_, i) => route(`r${i}`, `hostnames: [h${i}.example.com], ${RULES}`))
    return world(...routes, policy('gw', `targetRefs: [${GATEWAY}], http2: { maxConcurrentStreams: 5 }`))
  }

  it('a policy about one route costs that route', () => {
    const made = many()
    made.apply(policy('p', `targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: r7 }], ${connections(3)}`))
    const { computed } = made.flush()
    expect(computed.get('BackendTrafficPolicy: effective')).toBe(1)
    expect(computed.get('route rules')).toBe(1)
    expect(computed.get('virtual hosts')).toBe(1)
    expect(computed.get('clusters')).toBe(1)
  })

  it('an edit of a route does not look at policies of others', () => {
    const made = many()
    made.apply(route('r7', 'hostnames: [h7.example.com], rules: [{ backendRefs: [{ name: app, port: 80 }] }]'))
    const { computed } = made.flush()
    expect(computed.get('BackendTrafficPolicy: effective')).toBe(1)
    expect(computed.get('BackendTrafficPolicy: statuses')).toBeUndefined()
    expect(computed.get('virtual hosts')).toBe(1)
  })

  it('a setting of clusters that a policy of the Gateway changes costs no virtual host', () => {
    const made = many()
    made.apply(policy('gw', `targetRefs: [${GATEWAY}], http2: { maxConcurrentStreams: 6 }`))
    const { computed } = made.flush()
    expect(computed.get('virtual hosts')).toBeUndefined()
    expect(computed.get('clusters')).toBe(1)
    expect(clusterOf(made, '/').traffic.http).toEqual({ maxConcurrentStreams: 6 })
  })
})
