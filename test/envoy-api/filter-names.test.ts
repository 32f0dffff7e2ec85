import { expect, it } from '@jest/globals'
import { HTTP_FILTERS, httpFilters } from '../../src/xds/translate/http-filters/index.js'

/**
 * What routes and hosts configure by name. An upgrade of the controller sends listeners and routes one after the other: with another name, requests
 * that come in between would pass a filter that their route says nothing about. Names may be added; one that goes must go in two releases.
 */
const CONFIGURED = [
  'headgate.answers',
  'envoy.filters.http.fault',
  'envoy.filters.http.cors',
  'envoy.filters.http.csrf',
  'envoy.filters.http.grpc_web',
  'envoy.filters.http.geoip',
  'envoy.filters.http.api_key_auth',
  'envoy.filters.http.basic_auth',
  'envoy.filters.http.oauth2',
  'envoy.filters.http.jwt_authn',
  'envoy.filters.http.ext_authz',
  'envoy.filters.http.rbac',
  'headgate.requests',
  'headgate.bodies',
  'headgate.whole_bodies',
  ...Array.from({ length: 8 }, (_, place) => `headgate.extension.${place}`),
  'envoy.filters.http.credential_injector',
  'envoy.filters.http.stateful_session',
]
/** Groups that hosts and routes switch on. */
const GROUPS = ['headgate.listener_filters', 'headgate.all_bodies', 'headgate.extensions.2', 'headgate.extensions.4']

it('filters keep the names that routes configure them by', () => {
  const names = HTTP_FILTERS.map(({ name }) => name)
  expect(CONFIGURED.filter((name) => !names.includes(name))).toEqual([])
  for (const scoped of [false, true]) {
    const chain = httpFilters(scoped, { envoyHeaders: undefined, countsGrpcCalls: undefined }).map(({ name }) => name)
    const inGroups = ['headgate.bodies', 'headgate.whole_bodies', ...[2, 3, 4, 5, 6, 7].map((place) => `headgate.extension.${place}`)]
    expect([...CONFIGURED, ...GROUPS].filter((name) => !inGroups.includes(name) && !chain.includes(name))).toEqual([])
  }
})

it('no filter but the router is in the chain of a request whose route does not configure it', () => {
  expect(HTTP_FILTERS.filter(({ disabled }) => !disabled).map(({ name }) => name)).toEqual(['envoy.filters.http.router'])
})
