/**
 * Scopes that Envoy remembers without using them.
 *
 * When Envoy rejects a message with several scopes, those before the bad one are noted by its main thread and never applied; the
 * same content sent again changes nothing (tried with Envoy 1.40). Other content does: the name of the inline RouteConfiguration is
 * used for nothing but logs, so it gets a suffix. The version stays that of the content.
 *
 * Encoded messages can be merged by appending: fields of a later part replace those of an earlier one.
 */
import type { EncodedResource } from '../resource.js'
import { lengthPrefix, stringField } from './wire.js'

/** envoy/config/route/v3/scoped_route.proto: ScopedRouteConfiguration.route_configuration. */
const ROUTE_CONFIGURATION_FIELD = 5
/** envoy/config/route/v3/route.proto: RouteConfiguration.name. */
const NAME_FIELD = 1

/** The same scope in bytes that differ from those of every other attempt. */
export function unpoisoned(scope: EncodedResource, attempt: number): EncodedResource {
  const name = stringField(NAME_FIELD, `${scope.name}#${attempt}`)
  return { ...scope, value: Buffer.concat([scope.value, lengthPrefix(ROUTE_CONFIGURATION_FIELD, name.length), name]) }
}
