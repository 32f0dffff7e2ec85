/** TLSRoute. Source: Gateway API v1.7.0, `apis/v1/tlsroute_types.go`. */
import { list, optional, required, rule } from '../schema/build.js'
import { isIP } from '../schema/ip.js'
import type { KindDefinition } from '../schema/kind.js'
import type { Rule } from '../schema/schema.js'
import { connectionRouteSchema, connectionRules } from './connection-route.js'
import { hostname } from './strings.js'

const DESCRIPTION = 'Which TLS connections go where, by the name that the client asks for (SNI).'
const DNS_NAME = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)$/
const MATCHES_DNS_NAME = "matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)$')"

const HOSTNAME_RULES: readonly Rule[] = [
  rule<readonly string[]>('hostnames-are-no-ips', 'self.all(h, !isIP(h))', 'Hostnames cannot contain an IP', (hosts) =>
    hosts.every((host) => !isIP(host)),
  ),
  rule<readonly string[]>(
    'hostnames-are-dns-names',
    `self.all(h, !h.contains('*') ? h.${MATCHES_DNS_NAME} : true)`,
    'Hostnames must be valid based on RFC-1123',
    (hosts) => hosts.every((host) => host.includes('*') || DNS_NAME.test(host)),
  ),
  rule<readonly string[]>(
    'wildcards-are-first-labels',
    `self.all(h, h.contains('*') ? (h.startsWith('*.') && h.substring(2).${MATCHES_DNS_NAME}) : true)`,
    'Wildcards on hostnames must be the first label, and the rest of hostname must be valid based on RFC-1123',
    (hosts) => hosts.every((host) => !host.includes('*') || (host.startsWith('*.') && DNS_NAME.test(host.slice(2)))),
  ),
]

/** TLSRoute: which TLS connections go where. */
export const tlsRoute: KindDefinition = {
  kind: 'TLSRoute',
  group: 'gateway.networking.k8s.io',
  versions: ['v1', 'v1alpha3', 'v1alpha2'],
  plural: 'tlsroutes',
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: false,
  schema: connectionRouteSchema('TLSRoute', DESCRIPTION, {
    hostnames: required(list(hostname, { minItems: 1, maxItems: 1024, rules: HOSTNAME_RULES }), 'Names that clients ask for.', {
      // v1alpha2 objects, which the API server hands out as v1 unchanged, may lack it.
      absentInOlderVersions: true,
    }),
    rules: required(connectionRules('TLSRoute', 'v1'), 'Where connections go.'),
  }),
  otherSchemas: {
    v1alpha2: connectionRouteSchema('TLSRoute', DESCRIPTION, {
      hostnames: optional(list(hostname, { maxItems: 1024 }), "Names that clients ask for; the listener's when left out."),
      rules: required(connectionRules('TLSRoute', 'v1alpha2'), 'Where connections go.'),
    }),
  },
}
