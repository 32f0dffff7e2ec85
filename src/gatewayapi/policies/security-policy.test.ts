import { describe, expect, it } from '@jest/globals'
import { gateway, HTTP_LISTENER, HTTP_TABLE, reachedRoutes, route } from '../../../test/support/route-world.js'
import { briefly, createTranslationWorld, type TranslationWorld } from '../../../test/support/translation-world.js'
import type { Route } from '../../ir/route.js'
import { declareXds } from '../../xds/translate/declare.js'

function policy(name: string, spec: string): string {
  return `
---
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: { name: ${name}, namespace: infra, creationTimestamp: "2026-01-01T00:00:00Z" }
spec: { ${spec} }
`
}

const GATEWAY = 'targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gw }]'
const RULE = 'targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: first }]'
const ROUTE = 'targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: r }]'
const FROM = (range: string) => `authorization: { rules: [{ action: Allow, principal: { clientCIDRs: ["${range}"] } }] }`
const SERVICE = `
---
apiVersion: v1
kind: Service
metadata: { name: app, namespace: infra }
spec: { ports: [{ name: http, port: 80 }] }
`
const RULES = `rules: [{ name: first, matches: [{ path: { value: /first } }], backendRefs: [{ name: app, port: 80 }] }, { backendRefs: [{ name: app, port: 80 }] }]`

function world(...objects: readonly string[]): TranslationWorld {
  const made = createTranslationWorld()
  for (const each of [
    gateway(HTTP_LISTENER),
    SERVICE,
    route('r', RULES),
    route('other', `hostnames: [other.example.com], ${RULES}`),
    ...objects,
  ]) {
    made.apply(each)
  }
  made.place('infra/gw')
  made.flush()
  return made
}

function routes({ translation }: TranslationWorld, domain = '*'): readonly Route[] {
  return reachedRoutes(translation.gatewayApi.virtualHosts.get(`${HTTP_TABLE}#${domain}`))
}

/** What happens to the rule with a name, to the other one, and to another route. */
function outcomes(made: TranslationWorld): readonly string[] {
  const all = [...routes(made), ...routes(made, 'other.example.com').slice(1, 2)]
  return all.map(({ action, authorization }) =>
    action.kind === 'directResponse' ? String(action.statusCode) : authorization === undefined ? 'open' : 'guarded',
  )
}

function conditions(made: TranslationWorld, name: string): readonly string[] {
  const status = made.status(`SecurityPolicy/infra/${name}`)
  if (status?.shape !== 'policy') throw new Error(`${name} has no status`)
  return status.ancestors.map(({ ancestorRef, conditions: each }) => `${ancestorRef.kind}/${ancestorRef.name}: ${briefly(each).join(', ')}`)
}

describe('SecurityPolicy', () => {
  it.each([
    { about: 'nothing', objects: [], want: ['open', 'open', 'open'] },
    { about: 'a Gateway', objects: [policy('p', `${GATEWAY}, ${FROM('10.0.0.0/8')}`)], want: ['guarded', 'guarded', 'guarded'] },
    { about: 'a route', objects: [policy('p', `${ROUTE}, ${FROM('10.0.0.0/8')}`)], want: ['guarded', 'guarded', 'open'] },
    { about: 'a rule', objects: [policy('p', `${RULE}, ${FROM('::/0')}`)], want: ['guarded', 'open', 'open'] },
    { about: 'a Gateway, broken', objects: [policy('p', `${GATEWAY}, ${FROM('10.0.0.1')}`)], want: ['500', '500', '500'] },
    { about: 'a route, broken', objects: [policy('p', `${ROUTE}, ${FROM('10.0.0.0/33')}`)], want: ['500', '500', 'open'] },
    { about: 'a rule, broken', objects: [policy('p', `${RULE}, ${FROM('any/0')}`)], want: ['500', 'open', 'open'] },
    {
      about: 'a rule, broken in its overrides',
      objects: [policy('p', `${RULE}, overrides: { ${FROM('::/129')} }`)],
      want: ['500', 'open', 'open'],
    },
    {
      about: 'a Gateway, broken, with a good one further inside',
      objects: [policy('p', `${GATEWAY}, ${FROM('xx/1')}`), policy('q', `${RULE}, mergeType: Replace, ${FROM('::/0')}`)],
      want: ['500', '500', '500'],
    },
  ])('about $about', ({ objects, want }) => {
    expect(outcomes(world(...objects))).toEqual(want)
  })

  it('says which value cannot be done', () => {
    expect(conditions(world(policy('p', `${GATEWAY}, ${FROM('10.0.0.1')}`)), 'p')).toEqual(['Gateway/gw: Accepted=False UnsupportedValue'])
  })

  it('is not about Services', () => {
    const made = world(policy('p', `targetRefs: [{ group: "", kind: Service, name: app }], ${FROM('::/0')}`))
    expect(conditions(made, 'p')).toEqual(['Service/app: Accepted=False Invalid'])
  })

  it('an override of the Gateway cannot be weakened', () => {
    const made = world(
      policy('p', `${GATEWAY}, overrides: { ${FROM('10.0.0.0/8')} }`),
      policy('q', `${RULE}, mergeType: Replace, ${FROM('::/0')}`),
    )
    expect(routes(made)[0]?.authorization?.rules[0]?.clients).toEqual([{ address: '10.0.0.0', bits: 8 }])
    expect(conditions(made, 'q')).toEqual(['Gateway/gw: Accepted=True Accepted, Overridden=True Overridden'])
  })

  it('CORS of the rule itself counts before a policy, and after an override', () => {
    const origin = (name: string) => `{ allowOrigins: ["https://${name}.example"] }`
    const own = `rules: [{ filters: [{ type: CORS, cors: ${origin('rule')} }], backendRefs: [{ name: app, port: 80 }] }]`
    const origins = (spec: string) => routes(world(route('r', own), policy('p', `${GATEWAY}, ${spec}`)))[0]?.cors?.allowOrigins
    expect(origins(`cors: ${origin('policy')}`)).toEqual(['https://rule.example'])
    expect(origins(`overrides: { cors: ${origin('policy')} }`)).toEqual(['https://policy.example'])
  })

  it('a server that the rule itself asks counts before that of a policy, and after an override', () => {
    const asked = (path: string) => `http: { backendRef: { name: app, port: 80 }, path: /${path} }`
    const filter = '{ type: ExternalAuth, externalAuth: { protocol: HTTP, backendRef: { name: app, port: 80 }, http: { path: /rule } } }'
    const own = `rules: [{ filters: [${filter}], backendRefs: [{ name: app, port: 80 }] }]`
    const prefix = (spec: string) => routes(world(route('r', own), policy('p', `${GATEWAY}, ${spec}`)))[0]?.externalAuth?.pathPrefix
    expect(prefix(`extAuth: { ${asked('policy')} }`)).toBe('/rule')
    expect(prefix(`overrides: { extAuth: { ${asked('policy')} } }`)).toBe('/policy')
  })

  it('a version that Envoy refused is not replaced by the one before', () => {
    const made = world(policy('p', `${ROUTE}, ${FROM('::/0')}`))
    const { inputs } = made.translation
    const lastGood = inputs.kind('SecurityPolicy').get('infra/p')
    if (lastGood === undefined) throw new Error('the policy is not there')
    made.apply(policy('p', `${ROUTE}, ${FROM('10.0.0.0/8')}`))
    inputs.quarantines.set('SecurityPolicy/infra/p', { generation: 2, state: 'rejected', message: 'no', lastGood })
    made.flush()
    expect(outcomes(made)).toEqual(['500', '500', 'open'])
    expect(conditions(made, 'p')).toEqual(['Gateway/gw: Accepted=False Invalid'])
  })

  it('the first and the last of them change no listener', () => {
    const made = createTranslationWorld()
    const xds = declareXds(made.translation.graph, made.translation.gatewayApi)
    for (const each of [gateway(HTTP_LISTENER), SERVICE, route('r', RULES)]) made.apply(each)
    made.place('infra/gw')
    made.flush()
    const [before] = [...xds.listeners.entries()].map(([, { version }]) => version)
    expect(before).toBeDefined()
    made.apply(policy('p', `${GATEWAY}, ${FROM('10.0.0.0/8')}, cors: { allowOrigins: ["*"] }`))
    expect(made.flush().computed.get('encoded listeners')).toBeUndefined()
    made.remove('SecurityPolicy', 'infra', 'p')
    expect(made.flush().computed.get('encoded listeners')).toBeUndefined()
    expect([...xds.listeners.entries()].map(([, { version }]) => version)).toEqual([before])
  })
})
