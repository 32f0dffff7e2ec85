/** Asking another service before a request is forwarded. Source: Gateway API v1.7, HTTPExternalAuthFilter (GEP-1494). */
import type { ContextExtension, ExtAuth, HTTPExternalAuthFilter } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import type { ExternalAuth } from '../../ir/route.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import { type ObjectVersion, objectKey } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import type { Inputs } from '../inputs.js'
import type { Read } from '../materials/pem.js'
import { findBackend, type ReferenceContext } from './find-backend.js'
import type { RuleContext } from './rule-context.js'

/** Whom to ask. Without a usable server everybody is denied. */
export function externalAuthOf(
  context: ReferenceContext,
  { protocol, backendRef, grpc, http, forwardBody }: HTTPExternalAuthFilter,
): { readonly auth: ExternalAuth; readonly problem: Problem | undefined } {
  const found = findBackend(context, backendRef, protocol === 'GRPC' ? 'grpc' : 'http')
  const auth: ExternalAuth = {
    protocol,
    cluster: found.ok ? found.cluster : undefined,
    pathPrefix: pathPrefix(http?.path ?? ''),
    allowedRequestHeaders: lowerCase((protocol === 'GRPC' ? grpc : http)?.allowedHeaders),
    allowedResponseHeaders: lowerCase(http?.allowedResponseHeaders),
    maxBodyBytes: forwardBody?.maxSize ?? 0,
  }
  return { auth, problem: found.ok ? undefined : found.problem }
}

/**
 * The same, as a SecurityPolicy says it.
 *
 * @param policy the one that says it; what it refers to stands in its status
 */
export function policyExternalAuth(context: RuleContext, auth: ExtAuth, policy: ObjectVersion): ExternalAuth {
  const { grpc, http, headersToExtAuth, bodyToExtAuth, timeout, failOpen, statusOnError } = auth
  const told = toldBesides(context, auth, policy)
  const reference = (grpc ?? http)?.backendRef
  const found = reference && findBackend({ ...context, referrer: policy }, reference, grpc === undefined ? 'http' : 'grpc')
  return {
    protocol: grpc === undefined ? 'HTTP' : 'GRPC',
    cluster: found?.ok ? found.cluster : undefined,
    pathPrefix: pathPrefix(http?.path ?? ''),
    allowedRequestHeaders: lowerCase(headersToExtAuth),
    allowedResponseHeaders: lowerCase(http?.headersToBackend),
    maxBodyBytes: bodyToExtAuth?.maxRequestBytes ?? 0,
    ...(http?.pathOverride === undefined ? {} : { pathOverride: http.pathOverride }),
    timeoutMs: durationMilliseconds(timeout),
    ...(failOpen ? { failOpen } : {}),
    statusOnError,
    ...(told.length === 0 ? {} : { context: told }),
  }
}

/** What policies say counts before what is said of the route. */
function toldBesides(
  { view, inputs, route }: RuleContext,
  { contextExtensions = [], includeRouteMetadata }: ExtAuth,
  policy: ObjectVersion,
): NonNullable<ExternalAuth['context']> {
  const said = contextExtensions.map((extension) => {
    const value = contextValue(view, inputs, policy.namespace, extension)
    // Without it the policy cannot be used, and does not get here.
    return { name: extension.name.toLowerCase(), value: value.ok ? value.value : '' }
  })
  if (includeRouteMetadata !== true || said.some(({ name }) => name === ROUTE_HEADER)) return said
  return [...said, { name: ROUTE_HEADER, value: `${route.kind}/${route.namespace}/${route.name}` }]
}

/** The value of something that a server is told, or why there is none. */
export function contextValue(view: View, inputs: Inputs, namespace: string, { value = '', valueRef }: ContextExtension): Read<string> {
  if (valueRef === undefined) return { ok: true, value }
  const what = `the ConfigMap "${namespace}/${valueRef.name}"`
  const found = view.get(inputs.kind('ConfigMap'), objectKey(namespace, valueRef.name))
  if (found === undefined) return { ok: false, message: `${what} does not exist.` }
  const text = Object.hasOwn(found.data ?? {}, valueRef.key) ? found.data?.[valueRef.key] : undefined
  if (text === undefined || text === '') return { ok: false, message: `${what} has nothing under the key "${valueRef.key}".` }
  return /^[\x20-\x7e]{1,1024}$/.test(text)
    ? { ok: true, value: text }
    : { ok: false, message: `the key "${valueRef.key}" of ${what} is no line of at most 1024 printable characters.` }
}

/** Names the route of a request for the server that is asked. */
const ROUTE_HEADER = 'x-headgate-route'

/** The schema of the filter asks for no leading slash; a trailing one would stand before the slash of the request's path. */
function pathPrefix(path: string): string {
  const inner = path.replace(/^\/+|\/+$/g, '')
  return inner === '' ? '' : `/${inner}`
}

function lowerCase(names: readonly string[] | undefined): readonly string[] {
  return (names ?? []).map((name) => name.toLowerCase())
}
