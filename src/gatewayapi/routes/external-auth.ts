/** Asking another service before a request is forwarded. Source: Gateway API v1.7, HTTPExternalAuthFilter (GEP-1494). */
import type { HTTPExternalAuthFilter } from '../../gen/kinds.js'
import type { ExternalAuth } from '../../ir/route.js'
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

/** The schema asks for no leading slash; a trailing one would stand before the slash of the request's path. */
function pathPrefix(path: string): string {
  const inner = path.replace(/^\/+|\/+$/g, '')
  return inner === '' ? '' : `/${inner}`
}

function lowerCase(names: readonly string[] | undefined): readonly string[] {
  return (names ?? []).map((name) => name.toLowerCase())
}
