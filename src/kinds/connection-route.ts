/**
 * Routes of whole connections: TCPRoute and UDPRoute, and the rules that TLSRoute has too.
 *
 * Source: Gateway API v1.7.0, `apis/v1/{tcp,udp,tls}route_types.go`.
 */
import { list, object, optional, required } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ArraySchema, Field, ObjectSchema } from '../schema/schema.js'
import { backendRef, commonRouteFields, routeStatusFields, UNIQUE_RULE_NAMES } from './route.js'
import { sectionName } from './strings.js'

type ConnectionRouteKind = 'TCPRoute' | 'UDPRoute' | 'TLSRoute'

/** Rules of a kind of route: one in v1, up to 16 in v1alpha2. */
export function connectionRules(kind: ConnectionRouteKind, version: 'v1' | 'v1alpha2'): ArraySchema {
  const routeRule: ObjectSchema = object(`${kind}Rule`, 'Where connections go.', {
    name: optional(sectionName, 'Name of the rule, unique within the route.'),
    backendRefs: required(list(backendRef, { minItems: 1, maxItems: 16 }), 'The backends.'),
  })
  return version === 'v1'
    ? list(routeRule, { minItems: 1, maxItems: 1 })
    : list(routeRule, { minItems: 1, maxItems: 16, rules: [{ ...UNIQUE_RULE_NAMES, channel: 'experimental' }] })
}

/** The object of a version, from the fields of its `spec`. */
export function connectionRouteSchema(
  kind: ConnectionRouteKind,
  description: string,
  fields: Readonly<Record<string, Field>>,
): ObjectSchema {
  return object(kind, description, {
    spec: required(
      object(`${kind}Spec`, 'Which connections go where.', { ...commonRouteFields, ...fields }),
      'Which connections go where.',
    ),
    status: optional(object(`${kind}Status`, `What controllers say of a ${kind}.`, routeStatusFields), 'What controllers say of it.'),
  })
}

function portRoute(kind: 'TCPRoute' | 'UDPRoute', plural: string, description: string): KindDefinition {
  const schema = (version: 'v1' | 'v1alpha2') =>
    connectionRouteSchema(kind, description, { rules: required(connectionRules(kind, version), 'Where connections go.') })
  return {
    kind,
    group: 'gateway.networking.k8s.io',
    versions: ['v1', 'v1alpha2'],
    plural,
    namespaced: true,
    hasGeneration: true,
    hasStatus: true,
    isOwn: false,
    schema: schema('v1'),
    otherSchemas: { v1alpha2: schema('v1alpha2') },
  }
}

/** TCPRoute: which TCP connections go where. */
export const tcpRoute: KindDefinition = portRoute('TCPRoute', 'tcproutes', 'Which TCP connections go where.')

/** UDPRoute: which UDP packets go where. */
export const udpRoute: KindDefinition = portRoute('UDPRoute', 'udproutes', 'Which UDP packets go where.')
