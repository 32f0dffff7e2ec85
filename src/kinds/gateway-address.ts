/**
 * Addresses of a Gateway, as asked for and as given.
 *
 * Source: Gateway API v1.7.0, `GatewaySpecAddress` and `GatewayStatusAddress`.
 */
import type { GatewaySpecAddress, GatewayStatusAddress } from '../gen/kinds.js'
import { list, object, optional, required, rule, string } from '../schema/build.js'
import { isIP } from '../schema/ip.js'
import type { ArraySchema, Field, OneOf, Rule } from '../schema/schema.js'
import { addressType } from './strings.js'

const HOSTNAME = /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const HOSTNAME_CEL = 'self.value.matches(r"""^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$""")'

const IP_OF_IP_TYPE: OneOf = {
  id: 'ip-address-value',
  alternatives: [
    { properties: { type: { enum: ['IPAddress'] }, value: { anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] } } },
    { properties: { type: { not: { enum: ['IPAddress'] } } } },
  ],
  field: 'value',
  message: 'must be an IPv4 or IPv6 address when type is IPAddress',
  check: (self: { readonly type?: unknown; readonly value?: unknown }) =>
    self.type !== 'IPAddress' || typeof self.value !== 'string' || isIP(self.value),
}

const routability: Field = optional(
  string({
    maxLength: 253,
    rules: [
      rule<string>(
        'routability-known-or-prefixed',
        "size(self) == 0 || self == 'Cluster' || (self.matches('^.*/.+$') && !format.dns1123Subdomain().validate(self.split('/')[0]).hasValue() && self.split('/')[0] != 'k8s.io' && !self.split('/')[0].endsWith('.k8s.io'))",
        'Routability must be empty, Cluster, or an implementation-specific prefixed path; k8s.io and its subdomains are reserved',
        isRoutability,
      ),
    ],
  }),
  'How far the address reaches: `Cluster` or a domain-prefixed word of an implementation.',
  { channel: 'experimental' },
)

const UNIQUE_VALUES: readonly Rule[] = [
  rule<readonly GatewaySpecAddress[]>(
    'ip-addresses-unique',
    "self.all(a1, a1.type == 'IPAddress' && has(a1.value) ? self.exists_one(a2, a2.type == a1.type && has(a2.value) && a2.value == a1.value) : true )",
    'IPAddress values must be unique',
    (addresses) => valuesAreUnique(addresses, 'IPAddress'),
  ),
  rule<readonly GatewaySpecAddress[]>(
    'hostname-addresses-unique',
    "self.all(a1, a1.type == 'Hostname'  && has(a1.value) ? self.exists_one(a2, a2.type == a1.type && has(a2.value) && a2.value == a1.value) : true )",
    'Hostname values must be unique',
    (addresses) => valuesAreUnique(addresses, 'Hostname'),
  ),
]

/** The addresses that a Gateway asks for. */
export const gatewaySpecAddresses: ArraySchema = list(
  object(
    'GatewaySpecAddress',
    'An address that a Gateway asks for.',
    {
      type: optional(addressType, 'What `value` is.', { default: 'IPAddress' }),
      value: optional(string({ maxLength: 253 }), 'The address; any of the type when left out.'),
      routability,
    },
    {
      oneOf: IP_OF_IP_TYPE,
      rules: [
        rule<GatewaySpecAddress>(
          'hostname-address-valid-or-empty',
          `self.type == 'Hostname' ? (!has(self.value) || ${HOSTNAME_CEL}): true`,
          `Hostname value must be empty or contain only valid characters (matching ${HOSTNAME.source})`,
          (self) => self.type !== 'Hostname' || self.value === undefined || HOSTNAME.test(self.value),
        ),
      ],
    },
  ),
  { maxItems: 16, rules: UNIQUE_VALUES },
)

/** The addresses that a Gateway has. */
export const gatewayStatusAddresses: ArraySchema = list(
  object(
    'GatewayStatusAddress',
    'An address under which a Gateway is reachable.',
    {
      type: optional(addressType, 'What `value` is.', { default: 'IPAddress' }),
      value: required(string({ minLength: 1, maxLength: 253 }), 'The address.'),
      routability,
    },
    {
      oneOf: IP_OF_IP_TYPE,
      rules: [
        rule<GatewayStatusAddress>(
          'hostname-address-valid',
          `self.type == 'Hostname' ? ${HOSTNAME_CEL}: true`,
          `Hostname value must only contain valid characters (matching ${HOSTNAME.source})`,
          (self) => self.type !== 'Hostname' || HOSTNAME.test(self.value),
        ),
      ],
    },
  ),
  { maxItems: 16 },
)

function valuesAreUnique(addresses: readonly GatewaySpecAddress[], type: string): boolean {
  const values = addresses.flatMap((each) => (each.type === type && each.value !== undefined ? [each.value] : []))
  return new Set(values).size === values.length
}

function isRoutability(text: string): boolean {
  if (text === '' || text === 'Cluster') return true
  const slash = text.lastIndexOf('/')
  const domain = text.split('/')[0] ?? ''
  const hasPath = slash >= 0 && /^[^\n]*\/[^\n]+$/.test(text)
  return hasPath && isDnsSubdomain(domain) && domain !== 'k8s.io' && !domain.endsWith('.k8s.io')
}

/** RFC 1123 as the API server checks it, in CEL `format.dns1123Subdomain()`. */
function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text)
}
