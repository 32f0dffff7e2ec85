/**
 * What listeners of Gateways and of ListenerSets have in common.
 *
 * Source: Gateway API v1.7.0, `apis/v1/gateway_types.go`.
 */
import type { Listener } from '../gen/kinds.js'
import { int32, list, object, oneOf, optional, required, rule } from '../schema/build.js'
import type { ArraySchema, Field, ObjectSchema, Rule } from '../schema/schema.js'
import { conditions } from './conditions.js'
import { externalAuthFilter } from './external-auth.js'
import { fieldBelongsToType } from './filter-rules.js'
import { listenerTls } from './gateway-tls.js'
import { labelSelector } from './label-selector.js'
import { localObjectReference } from './references.js'
import { group, hostname, kind, portNumber, protocolType, sectionName } from './strings.js'

/** A kind of route. */
const routeGroupKind: ObjectSchema = object('RouteGroupKind', 'A kind of route.', {
  group: optional(group, 'API group of the route.', { default: 'gateway.networking.k8s.io' }),
  kind: required(kind, 'Kind of the route.'),
})

const routeNamespaces: ObjectSchema = object('RouteNamespaces', 'Namespaces that routes may come from.', {
  from: optional(oneOf(['All', 'Selector', 'Same'], { name: 'FromNamespaces' }), 'Which namespaces.', { default: 'Same' }),
  selector: optional(labelSelector, 'Labels of the namespaces, for `from: Selector`.'),
})

const allowedRoutes: ObjectSchema = object('AllowedRoutes', 'Routes that may attach to a listener.', {
  namespaces: optional(routeNamespaces, 'Namespaces that routes may come from.', { default: { from: 'Same' } }),
  kinds: optional(list(routeGroupKind, { maxItems: 8 }), 'Kinds of routes; all that fit the protocol when left out.'),
})

const listenerFilter: ObjectSchema = object(
  'ListenerFilter',
  'A filter that runs before a route is chosen.',
  {
    type: required(oneOf(['ExternalAuth', 'ExtensionRef'], { name: 'ListenerFilterType' }), 'Which filter this is.'),
    externalAuth: optional(externalAuthFilter, 'The filter of `type: ExternalAuth`.'),
    extensionRef: optional(localObjectReference, 'The filter of `type: ExtensionRef`: an object of an implementation.'),
  },
  { rules: [...fieldBelongsToType('externalAuth', 'ExternalAuth'), ...fieldBelongsToType('extensionRef', 'ExtensionRef')] },
)

const listenerFilters: ObjectSchema = object('ListenerFilters', 'Filters that run before a route is chosen.', {
  requests: optional(list(listenerFilter, { maxItems: 16 }), 'Filters of requests, in this order.'),
})

/** The fields of a listener. */
export const listenerFields: Readonly<Record<string, Field>> = {
  name: required(sectionName, 'Name of the listener, unique within its object.'),
  hostname: optional(hostname, 'Host that the listener serves; every host when left out.'),
  port: required(portNumber, 'Port that the listener is reached at.'),
  protocol: required(protocolType, 'What is spoken on the port.'),
  tls: optional(listenerTls, 'TLS, for `HTTPS` and `TLS` listeners.'),
  allowedRoutes: optional(allowedRoutes, 'Routes that may attach.', { default: { namespaces: { from: 'Same' } } }),
  filters: optional(listenerFilters, 'Filters that run before a route is chosen.', { channel: 'experimental' }),
}

/** The rule that only HTTP listeners have filters. */
export const FILTERS_NEED_HTTP: Rule = rule<Listener>(
  'filters-need-http',
  "!has(self.filters) || self.protocol in ['HTTP', 'HTTPS']",
  'filters may only be set when protocol is HTTP or HTTPS',
  (self) => self.filters === undefined || self.protocol === 'HTTP' || self.protocol === 'HTTPS',
  { channel: 'experimental' },
)

/** Which combinations of protocol, TLS and hostname make sense; the same for Gateways and ListenerSets. */
export const LISTENER_PROTOCOL_RULES: readonly Rule[] = [
  rule<readonly Listener[]>(
    'plain-protocols-have-no-tls',
    "self.all(l, l.protocol in ['HTTP', 'TCP', 'UDP'] ? !has(l.tls) : true)",
    "tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']",
    (listeners) => listeners.every((each) => !['HTTP', 'TCP', 'UDP'].includes(each.protocol) || each.tls === undefined),
  ),
  rule<readonly Listener[]>(
    'https-terminates',
    "self.all(l, (l.protocol == 'HTTPS' && has(l.tls)) ? (l.tls.mode == '' || l.tls.mode == 'Terminate') : true)",
    'tls mode must be Terminate for protocol HTTPS',
    (listeners) => listeners.every((each) => each.protocol !== 'HTTPS' || each.tls === undefined || each.tls.mode === 'Terminate'),
  ),
  rule<readonly Listener[]>(
    'tls-protocol-has-mode',
    "self.all(l, (l.protocol == 'TLS' ? has(l.tls) && has(l.tls.mode) && l.tls.mode != '' : true))",
    'tls mode must be set for protocol TLS',
    (listeners) => listeners.every((each) => each.protocol !== 'TLS' || each.tls !== undefined),
  ),
  rule<readonly Listener[]>(
    'tcp-and-udp-have-no-hostname',
    "self.all(l, l.protocol in ['TCP', 'UDP']  ? (!has(l.hostname) || l.hostname == '') : true)",
    "hostname must not be specified for protocols ['TCP', 'UDP']",
    (listeners) => listeners.every((each) => !['TCP', 'UDP'].includes(each.protocol) || (each.hostname ?? '') === ''),
  ),
]

/** The rule that listeners have names of their own. */
export function uniqueListenerNames(container: string): Rule {
  return rule<readonly Listener[]>(
    'listener-names-unique',
    'self.all(l1, self.exists_one(l2, l1.name == l2.name))',
    `Listener name must be unique within the ${container}`,
    (listeners) => new Set(listeners.map((each) => each.name)).size === listeners.length,
  )
}

/** True if no two listeners want the same port, protocol and hostname. */
export function listenersAreDistinct(listeners: readonly Listener[]): boolean {
  const keys = listeners.map((each) => JSON.stringify([each.port, each.protocol, each.hostname ?? null]))
  return new Set(keys).size === keys.length
}

/** The fields of a listener's status. */
export const listenerStatusFields: Readonly<Record<string, Field>> = {
  name: required(sectionName, 'Name of the listener.'),
  supportedKinds: optional(supportedKinds(), 'Kinds of routes that may attach.'),
  attachedRoutes: required(int32(), 'How many routes are attached.'),
  conditions: required(conditions(), 'What is true about the listener.'),
}

function supportedKinds(): ArraySchema {
  return list(routeGroupKind, { maxItems: 8 })
}
