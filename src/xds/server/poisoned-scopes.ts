/**
 * Scopes that Envoy remembers without using them.
 *
 * When Envoy rejects a message with several scopes, those before the bad one are noted by its main thread and never applied; the
 * same content sent again changes nothing (tried with Envoy 1.40). Other content does: the name of the inline RouteConfiguration is
 * used for nothing but logs, so it gets a suffix. The version stays that of the content.
 *
 * Encoded messages can be merged by appending: fields of a later part replace those of an earlier one.
 */
import { type EncodedResource, TYPE_URL, type TypeUrl } from '../resource.js'
import { lengthPrefix, stringField } from './wire.js'

/** envoy/config/route/v3/scoped_route.proto: ScopedRouteConfiguration.route_configuration. */
const ROUTE_CONFIGURATION_FIELD = 5
/** envoy/config/route/v3/route.proto: RouteConfiguration.name. */
const NAME_FIELD = 1

/** The scopes of one stream that the client may have noted without using them. */
export class PoisonedScopes {
  /** The attempt to send it in other bytes, by the name of the scope. */
  readonly #attempts = new Map<string, number>()

  /**
   * The client got these names and may not use them. Nothing happens for other types than scopes.
   *
   * @param now milliseconds: makes the bytes differ from those of every attempt before, on other streams as well
   */
  add(typeUrl: TypeUrl, names: Iterable<string>, now: number): void {
    if (typeUrl !== TYPE_URL.scopedRouteConfiguration) return
    for (const name of names) this.#attempts.set(name, Math.floor(now))
  }

  /** The client accepted these names: it uses them. */
  accepted(typeUrl: TypeUrl, names: Iterable<string>): void {
    if (this.#attempts.size === 0 || typeUrl !== TYPE_URL.scopedRouteConfiguration) return
    for (const name of names) this.#attempts.delete(name)
  }

  /** The resource as the client has to get it: in other bytes if it may have noted this one without using it. */
  cure(resource: EncodedResource): EncodedResource {
    const attempt = resource.typeUrl === TYPE_URL.scopedRouteConfiguration ? this.#attempts.get(resource.name) : undefined
    return attempt === undefined ? resource : inOtherBytes(resource, attempt)
  }
}

function inOtherBytes(scope: EncodedResource, attempt: number): EncodedResource {
  const name = stringField(NAME_FIELD, `${scope.name}#${attempt}`)
  return { ...scope, value: Buffer.concat([scope.value, lengthPrefix(ROUTE_CONFIGURATION_FIELD, name.length), name]) }
}
