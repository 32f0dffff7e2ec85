/**
 * The first use of a policy and the last change no byte of a listener, in any packing of routes; and when the last one is gone, everything is as it
 * was before the first. The policies are those of all golden cases, which together use every filter that there is.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { objectKey } from '../../src/util/object-ref.js'
import { type EncodedResource, TYPE_URL } from '../../src/xds/resource.js'
import { declareXds } from '../../src/xds/translate/declare.js'
import type { RoutePacking } from '../../src/xds/translate/packing.js'
import { createTranslationWorld } from '../support/translation-world.js'
import { splitObjects } from './golden-case.js'

/** Kinds that change what happens to requests. ClientTrafficPolicies say how a listener listens, patches may change anything. */
const POLICIES = [
  'SecurityPolicy',
  'BackendTrafficPolicy',
  'ExtensionPolicy',
  'HTTPRouteFilter',
  'BackendTLSPolicy',
  'XBackendTrafficPolicy',
]
const PACKINGS: readonly RoutePacking[] = ['rds', 'scoped', { scopedAbove: 2 }]

interface Header {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly spec?: { readonly targetRefs?: readonly { readonly kind: string }[] }
}

interface Case {
  readonly name: string
  readonly others: readonly string[]
  readonly policies: readonly string[]
}

const header = (object: string): Header => parse(object) as Header

/** Who may connect to a TCP or TLS route is asked before there is a request, so by the listener. */
function isOfConnections({ spec }: Header): boolean {
  return (spec?.targetRefs ?? []).some(({ kind }) => kind === 'TCPRoute' || kind === 'TLSRoute')
}

function isPolicy(object: string): boolean {
  const found = header(object)
  return POLICIES.includes(found.kind) && !isOfConnections(found)
}

const ABOUT_GATEWAY = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'

/** Filters with files on the proxy, with a service that golden cases do not have, and sessions. */
const MORE = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: default}
spec: {gatewayClassName: headgate, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: default}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: svc, port: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: svc, namespace: default}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: p, namespace: default}
spec: {${ABOUT_GATEWAY}, geoIP: {maxMind: {cityDbPath: /db.mmdb}, headers: {country: x-geo-country}}, dynamicModule: [{name: m, filterName: f}]}
---
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: p, namespace: default}
spec: {${ABOUT_GATEWAY}, rateLimit: {type: Global, rules: [{limit: {requests: 1, unit: Hour}}]}}
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: {name: p, namespace: default}
spec: {targetRefs: [{group: "", kind: Service, name: svc}], sessionPersistence: {cookie: {name: sticky}}}
`

const cases: readonly Case[] = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => caseOf(name, readFileSync(join(import.meta.dirname, name, 'in.yaml'), 'utf8')))
  .filter(({ policies }) => policies.length > 0)
  .concat(caseOf('what no golden case has', MORE))

function caseOf(name: string, yaml: string): Case {
  const objects = splitObjects(yaml)
  return { name, policies: objects.filter(isPolicy), others: objects.filter((object) => !isPolicy(object)) }
}

/** What a Gateway gets before, with and after the policies of a case. */
function stages({ others, policies }: Case, packing: RoutePacking): readonly ReadonlyMap<string, EncodedResource>[] {
  const world = createTranslationWorld({ allowExternalName: true, envoyPatches: true, hasRateLimitService: true })
  const { graph, gatewayApi } = world.translation
  const xds = declareXds(graph, gatewayApi, { accessLog: 'off', packing, rateLimitService: { host: 'limits.example', port: 8081 } })
  for (const object of others) world.apply(object)
  for (const { kind, metadata } of others.map(header)) if (kind === 'Gateway') world.place(objectKey(metadata.namespace, metadata.name))
  const now = (): ReadonlyMap<string, EncodedResource> => {
    world.flush()
    return new Map(xds.resources.entries())
  }
  const before = now()
  for (const object of policies) world.apply(object)
  const between = now()
  for (const { kind, metadata } of policies.map(header)) world.remove(kind, metadata.namespace, metadata.name)
  return [before, between, now()]
}

const versions = (resources: ReadonlyMap<string, EncodedResource>, typeUrl?: string) =>
  Object.fromEntries(
    [...resources].flatMap(([key, resource]) =>
      typeUrl === undefined || resource.typeUrl === typeUrl ? [[key, resource.version] as const] : [],
    ),
  )

describe.each(PACKINGS)('%j', (packing) => {
  it.each(cases.map((each) => [each.name, each] as const))('%s', (_name, each) => {
    const [before, between, after] = stages(each, packing)
    if (before === undefined || between === undefined || after === undefined) throw new Error('there are three stages')
    expect(Object.keys(versions(before, TYPE_URL.listener))).not.toEqual([])
    expect(versions(between, TYPE_URL.listener)).toEqual(versions(before, TYPE_URL.listener))
    expect(versions(between)).not.toEqual(versions(before))
    expect(versions(after)).toEqual(versions(before))
  })
})

describe('the cases', () => {
  const source = join(import.meta.dirname, '../../src/xds/translate/http-filters')
  const FILTER = /envoy\.extensions\.filters\.http\.[a-z0-9_]+/g
  /** Filters that no policy puts to use: those that are always on, and those of listeners, telemetry and sessions of routes. */
  const OTHERS = ['router', 'filter_chain', 'grpc_stats', 'health_check', 'header_mutation', 'upstream_codec']
  const known = readdirSync(source)
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => readFileSync(join(source, file), 'utf8').match(FILTER) ?? [])
  const filters = [...new Set(known)].filter((filter) => !OTHERS.some((other) => filter.endsWith(`.${other}`))).sort()

  it('use every filter', () => {
    const used = cases.flatMap((each) => {
      const [before, between] = stages(each, 'rds')
      return [...(between ?? [])].flatMap(([key, { typeUrl, value, version }]) =>
        typeUrl === TYPE_URL.listener || before?.get(key)?.version === version ? [] : (value.toString('latin1').match(FILTER) ?? []),
      )
    })
    expect(filters.length).toBeGreaterThan(20)
    expect(filters.filter((filter) => !used.includes(filter))).toEqual([])
  })

  it('are about every kind', () => {
    const kinds = new Set(cases.flatMap(({ policies }) => policies.map((object) => header(object).kind)))
    expect(POLICIES.filter((kind) => !kinds.has(kind))).toEqual([])
  })
})
