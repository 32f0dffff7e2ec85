import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { envoy } from '../../gen/envoy/types.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import { encode } from '../message.js'
import { type EncodedResource, TYPE_URL } from '../resource.js'
import { readRejection } from './rejection-message.js'
import { traceRejection } from './trace-rejection.js'

type VirtualHost = envoy.config.route.v3.VirtualHost
type Route = envoy.config.route.v3.Route

const object = (name: string, kind = 'HTTPRoute'): ObjectVersion => ({ group: 'g', kind, namespace: 'n', name, generation: 2 })
const route = (name: string, match: Route['match'] = { prefix: '/' }): Route => ({
  name: `HTTPRoute/n/${name}/rule/0/match/0`,
  match,
  directResponse: { status: 200 },
})
const host = (name: string, more: Partial<VirtualHost> = {}): VirtualHost => ({
  name: `${name}.test`,
  domains: [`${name}.test`],
  routes: [route(name)],
  ...more,
})
/** A table of virtual hosts, each with the objects that its routes name and further ones. */
function table(hosts: readonly VirtualHost[], others: readonly ObjectVersion[] = []): EncodedResource {
  const parts = hosts.map((each) => ({
    name: each.name ?? '',
    value: Buffer.from(encode('envoy.config.route.v3.VirtualHost', each)),
    origins: [...new Set((each.routes ?? []).map(({ name = '' }) => name.split('/')[2] ?? ''))].map((name) => object(name)).concat(others),
  }))
  const value = Buffer.from(encode('envoy.config.route.v3.RouteConfiguration', { name: 't', virtualHosts: [...hosts] }))
  const origins = parts.flatMap((part) => part.origins)
  return { typeUrl: TYPE_URL.routeConfiguration, name: 't', version: '1', value, origins, references: [], parts }
}

const NAMES = Array.from({ length: 50 }, (_, index) => `r${index}`)
const before = table(NAMES.map((name) => host(name)))
const changed = (target: VirtualHost) =>
  table(NAMES.map((name) => (name === 'r7' ? target : host(name, { requestHeadersToRemove: ['x-new'] }))))
const traced = (message: string, rejected: EncodedResource, accepted: EncodedResource | undefined = before) =>
  traceRejection(readRejection(message), rejected, accepted, rejected.origins).map(({ name }) => name)

it('suspects what an extension server made of a virtual host beside the route that the message points at', () => {
  const bad = host('r7', { routes: [route('r7', { safeRegex: { regex: '(' } }), route('other')] })
  const hooked = changed(bad)
  const parts = (hooked.parts ?? []).map((part) => ({ ...part, origins: [...part.origins, object(part.name, 'ExtensionHook')] }))
  expect(traced('missing ): (', { ...hooked, parts, origins: parts.flatMap(({ origins }) => origins) })).toEqual(['r7', 'r7.test'])
})

describe('a rejection of a table whose virtual hosts all changed', () => {
  it.each<[string, string, VirtualHost]>([
    ['a regular expression', 'missing ): (', host('r7', { routes: [route('r7', { safeRegex: { regex: '(' } })] })],
    ['a part of one', 'invalid character class range: z-a', host('r7', { routes: [route('r7', { safeRegex: { regex: 'a[z-a]b' } })] })],
    [
      'a domain that another host has',
      'Only unique values for domains are permitted. Duplicate entry of domain r3.test in route t',
      host('r7', { domains: ['r7.test', 'r3.test'] }),
    ],
    [
      'a filter that nobody knows',
      "Didn't find a registered implementation for 'unknown' with type URL: 'no.such.Message'",
      host('r7', { typedPerFilterConfig: { unknown: { type_url: 'type.googleapis.com/no.such.Message', value: Buffer.alloc(0) } } }),
    ],
    [
      'the place of a violated constraint',
      'x: Proto constraint validation failed (RouteConfigurationValidationError.VirtualHosts[7]: no)',
      host('r7'),
    ],
  ])('is traced by %s', (_what, message, target) => {
    expect(traced(message, changed(target))).toEqual(['r7'])
  })

  it('is traced to a route among those of one host', () => {
    const routes = NAMES.map((name) => route(name, name === 'r9' ? { safeRegex: { regex: 'x(' } } : undefined))
    const one = table([host('all', { routes }), host('other', { routes: [] })])
    expect(traced('missing ): x(', one)).toEqual(['r9'])
    const message = 'Proto constraint validation failed (A.VirtualHosts[0]: no | caused by B.Routes[4]: no)'
    expect(traced(message, one)).toEqual(['r4'])
  })

  it('is traced to no one when the words stand everywhere or nowhere', () => {
    for (const message of ['', 'no', 'Sum of weights in the weighted_cluster must be greater than 0.', 'removed: x-new']) {
      expect(traced(message, changed(host('r7', { requestHeadersToRemove: ['x-new'] })))).toHaveLength(NAMES.length)
    }
  })
})

it('the host that changed alone is it, with the policies that it was made from', () => {
  const policy = object('p', 'SecurityPolicy')
  const rejected = table(NAMES.map((name) => host(name, name === 'r7' ? { requestHeadersToRemove: ['x'] } : {})))
  const suspects = [policy, ...rejected.origins]
  expect(traceRejection(readRejection('whatever'), rejected, before, suspects)).toEqual([object('r7')])
  const alone = traceRejection(readRejection('whatever'), rejected, before, [policy])
  expect(alone).toEqual([policy])
})

it('suspects a Gateway last: to hold it back would take all of its routes away', () => {
  const gateway = object('gw', 'Gateway')
  const rejected = table([host('a'), host('b')], [gateway])
  expect(traceRejection(readRejection('no'), rejected, undefined, [gateway, object('a'), object('b')])).toEqual([object('a'), object('b')])
  expect(traceRejection(readRejection('no'), rejected, undefined, [gateway])).toEqual([gateway])
})

it('blames suspects only, and at least one, whatever the bytes and the words are', () => {
  fc.assert(
    fc.property(fc.string(), fc.uint8Array(), fc.constantFrom(...Object.values(TYPE_URL)), (message, bytes, typeUrl) => {
      const rejected = { ...before, typeUrl, value: Buffer.from(bytes) }
      const suspects = before.origins.slice(0, 5)
      const found = traceRejection(readRejection(message), rejected, undefined, suspects)
      expect(found.length).toBeGreaterThan(0)
      expect(suspects).toEqual(expect.arrayContaining([...found]))
    }),
  )
})
