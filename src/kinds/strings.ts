/**
 * The named strings and numbers of the Gateway API.
 *
 * Source: Gateway API v1.7.0, `apis/v1/shared_types.go`.
 */
import { int32, oneOf, string } from '../schema/build.js'
import type { IntegerSchema, StringSchema } from '../schema/schema.js'

const DNS_NAME = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'
const DOMAIN_PREFIXED_PATH = `${DNS_NAME}\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+`
const TOKEN = "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$"

/** A DNS name or a wildcard such as `*.example.com`. */
export const hostname: StringSchema = string({ minLength: 1, maxLength: 253, pattern: `^(\\*\\.)?${DNS_NAME}$` })

/** A DNS name without wildcard. */
export const preciseHostname: StringSchema = string({ minLength: 1, maxLength: 253, pattern: `^${DNS_NAME}$` })

/** An API group; the empty string is the core group. */
export const group: StringSchema = string({ maxLength: 253, pattern: `^$|^${DNS_NAME}$` })

/** A kind such as `Service`. */
export const kind: StringSchema = string({ minLength: 1, maxLength: 63, pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$' })

/** The name of an object. */
export const objectName: StringSchema = string({ minLength: 1, maxLength: 253 })

/** The name of a namespace. */
export const namespaceName: StringSchema = string({ minLength: 1, maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' })

/** The name of a part of an object: a listener, a rule, a port. */
export const sectionName: StringSchema = string({ minLength: 1, maxLength: 253, pattern: `^${DNS_NAME}$` })

/** The name of a controller: a domain and a path. */
export const controllerName: StringSchema = string({ minLength: 1, maxLength: 253, pattern: `^${DOMAIN_PREFIXED_PATH}$` })

/** A value of an annotation-like map. */
export const annotationValue: StringSchema = string({ minLength: 0, maxLength: 4096 })

/** A value of a label. */
export const labelValue: StringSchema = string({
  minLength: 0,
  maxLength: 63,
  pattern: '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$',
})

/** `IPAddress`, `Hostname`, `NamedAddress` or a domain-prefixed type of an implementation. */
export const addressType: StringSchema = string({
  minLength: 1,
  maxLength: 253,
  pattern: `^Hostname|IPAddress|NamedAddress|${DOMAIN_PREFIXED_PATH}$`,
})

/** The protocol of a listener: `HTTP`, `HTTPS`, `TLS`, `TCP`, `UDP` or one of an implementation. */
export const protocolType: StringSchema = string({
  minLength: 1,
  maxLength: 255,
  pattern: `^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|${DNS_NAME}\\/[A-Za-z0-9]+$`,
})

/** The name of an HTTP header; compared without case. */
export const headerName: StringSchema = string({ minLength: 1, maxLength: 256, pattern: TOKEN })

/** The name of a cookie. */
export const cookieName: StringSchema = headerName

/** A header value that may be written or compared as it is: visible characters with single blanks between them. */
export const headerValue: StringSchema = string({
  minLength: 1,
  maxLength: 4096,
  pattern: '^[!-~]+([\\t ]?[!-~]+)*$',
  patternChannel: 'experimental',
  matchInLinearTime: true,
})

/** A duration such as `1h30m` (GEP-2257). */
export const duration: StringSchema = string({ pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$' })

/** An origin of a cross-origin request, with `*` for any host or as its first labels. */
export const corsOrigin: StringSchema = string({
  minLength: 1,
  maxLength: 253,
  pattern: '(^\\*$)|(^(http(s)?):\\/\\/(((\\*\\.)?([a-zA-Z0-9\\-]+\\.)*[a-zA-Z0-9-]+|\\*)(:([0-9]{1,5}))?)$)',
})

/** A URI with a scheme, as certificates name workloads. */
export const absoluteUri: StringSchema = string({
  minLength: 1,
  maxLength: 253,
  pattern: '^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\\?([^#]*))?(#(.*))?',
})

/** A port of TCP or UDP. */
export const portNumber: IntegerSchema = int32({ minimum: 1, maximum: 65535 })

/** Whether a Gateway is a default for routes that name none, or a route takes such Gateways. */
export const gatewayDefaultScope: StringSchema = oneOf(['All', 'None'], { name: 'GatewayDefaultScope' })
