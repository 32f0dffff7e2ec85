/** Asking another service before a request is forwarded. Source: Gateway API v1.7, HTTPExternalAuthFilter (GEP-1494). */
import type { ExtAuth, HTTPExternalAuthFilter } from '../../gen/kinds.js'
import type { ExternalAuth } from '../../ir/route.js'
import { durationMilliseconds } from '../../kinds/duration.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import { findBackend, type ReferenceContext } from './rule-context.js'

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
export function policyExternalAuth(context: ReferenceContext, auth: ExtAuth, policy: ObjectVersion): ExternalAuth {
  const { grpc, http, headersToExtAuth, bodyToExtAuth, timeout, failOpen, statusOnError, contextExtensions } = auth
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
    ...(contextExtensions === undefined
      ? {}
      : { context: contextExtensions.map(({ name, value }) => ({ name: name.toLowerCase(), value })) }),
  }
}

/** The schema of the filter asks for no leading slash; a trailing one would stand before the slash of the request's path. */
function pathPrefix(path: string): string {
  const inner = path.replace(/^\/+|\/+$/g, '')
  return inner === '' ? '' : `/${inner}`
}

function lowerCase(names: readonly string[] | undefined): readonly string[] {
  return (names ?? []).map((name) => name.toLowerCase())
}
