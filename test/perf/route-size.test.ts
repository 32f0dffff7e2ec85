/** What one route may take of the configuration of proxies: whatever the schemas let it write, its neighbours must live. */
import { describe, expect, it } from '@jest/globals'
import { MAX_ROUTE_BYTES } from '../../src/gatewayapi/routes/rule-size.js'
import { encodeVirtualHost } from '../../src/xds/translate/routes/virtual-host.js'
import { createRouteWorld, gateway, HTTP_LISTENER, reachedRoutes, route, virtualHost } from '../support/route-world.js'
import type { TranslationWorld } from '../support/translation-world.js'

const HOSTS = Array.from({ length: 16 }, (_, at) => `h${at}.example.com`)
const APP = { name: 'app', port: 8080 }

const headers = (count: number, length: number): object => {
  const named = (prefix: string) => Array.from({ length: count }, (_, at) => ({ name: `${prefix}${at}`, value: 'x'.repeat(length) }))
  return { set: named('a'), add: named('b') }
}
const toBackends = (filter: object): readonly object[] => Array.from({ length: 16 }, () => ({ ...APP, filters: [filter] }))
const requestHeaders = (count: number, length: number): object => ({
  type: 'RequestHeaderModifier',
  requestHeaderModifier: headers(count, length),
})
const responseHeaders = { type: 'ResponseHeaderModifier', responseHeaderModifier: headers(16, 4096) }
const rewrite = { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/x' } } }
const answer = { type: 'ExtensionRef', extensionRef: { group: 'headgate.dev', kind: 'HTTPRouteFilter', name: 'f' } }

const FILTER = (spec: object): string =>
  `\n---\n${JSON.stringify({ apiVersion: 'headgate.dev/v1alpha1', kind: 'HTTPRouteFilter', metadata: { name: 'f', namespace: 'infra' }, spec })}\n`
const PAGE = FILTER({ directResponse: { statusCode: 200, body: { type: 'Inline', inline: 'x'.repeat(65_536) } } })
const COOKIES = FILTER({
  matches: Array.from({ length: 8 }, () => ({
    cookies: Array.from({ length: 16 }, (_, at) => ({ name: `c${at}`, value: 'x'.repeat(2048) })),
  })),
})

const POLICY = (kind: string, spec: object): string =>
  `\n---\n${JSON.stringify({ apiVersion: 'headgate.dev/v1alpha1', kind, metadata: { name: 'p', namespace: 'infra' }, spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'r' }], ...spec } })}\n`
const many = <T>(count: number, each: (at: number) => T): readonly T[] => Array.from({ length: count }, (_, at) => each(at))
/** Few bytes, and each rule asks about each of eight values, alone and together. */
const LIMITS = (type: string): string => {
  const clientSelectors = [{ headers: many(8, (at) => ({ name: `x-${at}`, type: 'Distinct' })) }]
  return POLICY('BackendTrafficPolicy', {
    rateLimit: { type, rules: many(8, () => ({ clientSelectors, limit: { requests: 1, unit: 'Hour' } })) },
  })
}
const EXPRESSIONS = POLICY('SecurityPolicy', {
  authorization: {
    rules: many(64, (rule) => ({ action: 'Deny', cel: many(20, (at) => `request.path == "/${rule}/${at}"`).join(' || ') })),
  },
})

/** The most matches that a route may have, in two rules that do the same. */
function rulesOf(rule: object): readonly object[] {
  return ['p', 'q'].map((prefix) => ({
    matches: Array.from({ length: 64 }, (_, at) => ({ path: { type: 'PathPrefix', value: `/${prefix}${at}` } })),
    ...rule,
  }))
}

function encodedBytes({ translation: { gatewayApi } }: TranslationWorld): number {
  const sizes = HOSTS.map((host) => {
    const found = virtualHost(gatewayApi, host)
    return found === undefined ? 0 : encodeVirtualHost(found, { group: 'g', inTable: true }).length
  })
  return sizes.reduce((sum, size) => sum + size, 0)
}

function invalid(world: TranslationWorld): string | undefined {
  const status = world.status('HTTPRoute/infra/r')
  if (status?.shape !== 'route') throw new Error('no status')
  return status.parents[0]?.conditions.find(({ type }) => type === 'PartiallyInvalid')?.message
}

describe('a route that says little many times over', () => {
  it.each([
    { rule: 'headers', objects: '', filters: [requestHeaders(16, 4096), responseHeaders], backendRefs: [APP] },
    { rule: 'paths of backends', objects: '', filters: [requestHeaders(16, 256)], backendRefs: toBackends(rewrite) },
    { rule: 'headers of backends', objects: '', filters: [requestHeaders(16, 256)], backendRefs: toBackends(requestHeaders(1, 1)) },
    { rule: 'answers', objects: PAGE, filters: [answer] },
    { rule: 'cookies', objects: COOKIES, filters: [answer], backendRefs: [APP] },
    { rule: 'limits', objects: LIMITS('Local'), backendRefs: [APP] },
    { rule: 'limits of all Envoys', objects: LIMITS('Global'), backendRefs: [APP] },
    { rule: 'expressions', objects: EXPRESSIONS, backendRefs: [APP] },
  ])('takes no more than it may: $rule', ({ objects, filters = [], backendRefs }) => {
    const rules = rulesOf({ filters, ...(backendRefs === undefined ? {} : { backendRefs }) })
    const world = createRouteWorld(
      [
        gateway(HTTP_LISTENER),
        objects,
        route('r', `hostnames: ${JSON.stringify(HOSTS)}, rules: ${JSON.stringify(rules)}`),
        route('neighbour', 'hostnames: [h0.example.com], rules: [{ backendRefs: [{ name: app, port: 8080 }] }]'),
      ],
      { hasRateLimitService: true },
    )
    expect(encodedBytes(world)).toBeLessThan(1.5 * MAX_ROUTE_BYTES)
    expect(invalid(world)).toMatch(/^spec\.rules\[0\]: what it does stands in proxies once for each of \d+ matches on 16 hosts, and takes /)
    const actions = new Set(reachedRoutes(virtualHost(world.translation.gatewayApi, 'h0.example.com')).map(({ action }) => action.kind))
    expect([...actions].sort()).toEqual(['directResponse', 'forward'])
  })

  it('keeps the rules that fit, and is counted for what it takes', () => {
    const small = rulesOf({ filters: [requestHeaders(16, 256)], backendRefs: [APP] })[0]
    const big = rulesOf({ filters: [requestHeaders(16, 4096), responseHeaders], backendRefs: [APP] })[1]
    const world = createRouteWorld([
      gateway(HTTP_LISTENER),
      route('r', `hostnames: ${JSON.stringify(HOSTS.slice(0, 8))}, rules: ${JSON.stringify([small, big])}`),
    ])
    expect(invalid(world)).toMatch(/^spec\.rules\[1\]: .* takes 257\.\d MiB where [567]\.\d MiB of 16\.0 MiB are left\./)
    expect(encodedBytes(world)).toBeGreaterThan(MAX_ROUTE_BYTES / 2)
    const host = virtualHost(world.translation.gatewayApi, 'h0.example.com')
    expect(reachedRoutes(host).filter(({ action }) => action.kind === 'forward')).toHaveLength(64)
  })
})
