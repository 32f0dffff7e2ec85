/** From a rejected resource to the objects that it was made from: first to the virtual host that Envoy complains about, then to its routes. */
import { describeObject, type ObjectVersion } from '../../util/object-ref.js'
import { HOOK_ORIGIN_KIND } from '../hook-origin.js'
import { ROUTE_OWNERS } from '../rejected-versions.js'
import { type EncodedResource, type ResourcePart, TYPE_URL, type TypeUrl } from '../resource.js'
import { pointedAt } from './evidence.js'
import { messagesAt } from './protobuf-text.js'
import type { RejectionMessage } from './rejection-message.js'

/** Where routes stand: envoy/config/route/v3 RouteConfiguration.virtual_hosts = 2, VirtualHost.routes = 3, ScopedRouteConfiguration.route_configuration = 5. */
const ROUTES: Partial<Readonly<Record<TypeUrl, readonly number[]>>> = {
  [TYPE_URL.routeConfiguration]: [2, 3],
  [TYPE_URL.scopedRouteConfiguration]: [5, 2, 3],
  [TYPE_URL.virtualHost]: [3],
}
const ROUTES_OF_VIRTUAL_HOST = [3]
/** envoy/config/route/v3/route_components.proto: Route.name. */
const ROUTE_NAME = [14]

/** What is known of a resource of which a proxy goes on with an older version. */
export type Accepted = Pick<EncodedResource, 'value'> & Partial<Pick<EncodedResource, 'parts'>>

/**
 * Those of the suspects that the message points at, or all of them when it does not tell them apart. Evidence and no proof: a word may
 * stand in the wrong place by chance.
 *
 * @param suspects objects that the resource was made from
 * @param accepted what the proxy ran before, where that is known
 */
export function traceRejection(
  message: RejectionMessage,
  resource: EncodedResource,
  accepted: Accepted | undefined,
  suspects: readonly ObjectVersion[],
): readonly ObjectVersion[] {
  const path = ROUTES[resource.typeUrl]
  if (suspects.length < 2 || path === undefined) return suspects
  return traceRoutes(message, resource, accepted, path, withoutOwners(suspects))
}

/** What routes stand on is suspected last. */
function withoutOwners(suspects: readonly ObjectVersion[]): readonly ObjectVersion[] {
  const others = suspects.filter(({ kind }) => !ROUTE_OWNERS.has(kind))
  return others.length > 0 ? others : suspects
}

function traceRoutes(
  message: RejectionMessage,
  { value, parts = [] }: Accepted,
  accepted: Accepted | undefined,
  path: readonly number[],
  suspects: readonly ObjectVersion[],
): readonly ObjectVersion[] {
  const found =
    parts.length > 1
      ? blamedParts(message, parts, accepted?.parts ?? []).flatMap((part) => {
          const among = of(suspects, part.origins)
          const before = accepted?.parts?.find(({ name }) => name === part.name)?.value
          const ofRoutes = blamedByRoute(message, part.value, before, ROUTES_OF_VIRTUAL_HOST, among)
          return ofRoutes.length > 0 ? withHooks(ofRoutes, among) : among
        })
      : withHooks(blamedByRoute(message, value, accepted?.value, path, suspects), suspects)
  return found.length > 0 ? [...new Set(found)] : suspects
}

/** Any route may have been changed by an extension server, whoever it was made from. */
function withHooks(found: readonly ObjectVersion[], suspects: readonly ObjectVersion[]): readonly ObjectVersion[] {
  return found.length === 0 ? found : [...found, ...suspects.filter(({ kind }) => kind === HOOK_ORIGIN_KIND)]
}

function blamedParts(
  { virtualHost, words }: RejectionMessage,
  parts: readonly ResourcePart[],
  accepted: readonly ResourcePart[],
): readonly ResourcePart[] {
  const named = virtualHost === undefined ? undefined : parts[virtualHost]
  if (named !== undefined) return [named]
  const before = new Map(accepted.map(({ name, value }) => [name, value]))
  const changed = parts.filter(({ name, value }) => before.get(name)?.equals(value) !== true)
  // One that changed alone is it, whatever the message says.
  return changed.length === 1
    ? changed
    : pointedAt(
        words,
        changed.map((part) => ({ ...part, before: before.get(part.name) })),
      )
}

function blamedByRoute(
  { route, words }: RejectionMessage,
  bytes: Buffer,
  before: Buffer | undefined,
  path: readonly number[],
  suspects: readonly ObjectVersion[],
): readonly ObjectVersion[] {
  if (suspects.length < 2) return suspects
  const accepted = new Map((before === undefined ? [] : messagesAt(before, path)).map((value) => [nameOf(value), value]))
  const routes = messagesAt(bytes, path).map((value) => ({ name: nameOf(value), value, before: accepted.get(nameOf(value)) }))
  const named = route === undefined ? undefined : routes[route]
  const blamed = named === undefined ? pointedAt(words, routes) : [named]
  return suspects.filter((suspect) => blamed.some(({ name }) => name.startsWith(`${describeObject(suspect)}/`)))
}

function nameOf(route: Buffer): string {
  return messagesAt(route, ROUTE_NAME)[0]?.toString('utf8') ?? ''
}

/** Suspects that are among these objects. */
function of(suspects: readonly ObjectVersion[], objects: readonly ObjectVersion[]): readonly ObjectVersion[] {
  const names = new Set(objects.map(describeObject))
  return suspects.filter((suspect) => names.has(describeObject(suspect)))
}
