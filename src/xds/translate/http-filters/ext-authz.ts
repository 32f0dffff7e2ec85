/**
 * Asks another service before a request is forwarded. Source: Gateway API v1.7, `HTTPExternalAuthFilter` (GEP-1494).
 *
 * What the service is told is a setting of the whole filter in Envoy, not of a route. So the chain holds an empty place, and a route brings
 * the whole filter.
 */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import { isFraming } from '../../../ir/framing-headers.js'
import type { ExternalAuth } from '../../../ir/route.js'
import { literally } from '../../../util/literally.js'
import { INVALID_BACKEND } from '../../invalid-backend.js'
import { type Any, any, duration } from '../../message.js'
import { TYPE_URL } from '../../resource.js'
import { anyBut } from '../regex.js'
import { questionRetry } from '../routes/retry-policy.js'
import { SCOPE_HEADER } from '../scopes/scope-key.js'
import { EMPTY_PLACE, fillPlace, fillPlaceWith, IDLE_PLACE } from './composite.js'
import { grpcAuthority } from './grpc-authority.js'
import { headerRemoval } from './header-mutation.js'
import type { HttpFilter } from './http-filter.js'

type ExtAuthz = envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
type HttpService = envoy.extensions.filters.http.ext_authz.v3.HttpService
type ListStringMatcher = envoy.type.matcher.v3.ListStringMatcher

/** How long the service may take to decide: after that the request is denied. */
const EXTERNAL_AUTH_TIMEOUT_MS = 10_000

/** The message of `extAuthz`. */
export const EXT_AUTHZ_TYPE = 'envoy.extensions.filters.http.ext_authz.v3.ExtAuthz'

const NAME = 'envoy.filters.http.ext_authz'

/** Always sent, whatever the route allows. Envoy adds the host, the method, the path and the length by itself. */
const ALWAYS_SENT = ['authorization']

/** Headers that describe the answer of the service itself: they say nothing about the request. */
const OF_THE_ANSWER = [
  ':status',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'host',
  'keep-alive',
  'server',
  'transfer-encoding',
  'upgrade',
  'x-envoy-upstream-service-time',
]

/** What a request always has, or what describes its body: the service may say something else, and needs not. */
const OF_THE_REQUEST: ReadonlySet<string> = new Set(['content-encoding', 'content-type', 'host'])

/** Denies (403) when the service cannot be asked. */
export const EXT_AUTHZ: HttpFilter = {
  name: NAME,
  config: EMPTY_PLACE,
  disabled: true,
  idle: IDLE_PLACE,
  perRoute: ({ externalAuth }) => externalAuth && placeOf(externalAuth),
  references: ({ externalAuth }) =>
    externalAuth?.cluster === undefined ? [] : [{ typeUrl: TYPE_URL.cluster, name: externalAuth.cluster }],
}

/**
 * What the service is to say and what it is not shown: where it says nothing, or cannot be asked and requests pass, backends would take the
 * word of the client for its own. Of what it is shown it may say the same by saying nothing.
 */
export function claimedHeaders(auth: ExternalAuth): readonly string[] {
  const shown = new Set([...ALWAYS_SENT, ...auth.allowedRequestHeaders])
  return saidHeaders(auth).filter((name) => !shown.has(name) && !OF_THE_REQUEST.has(name))
}

function placeOf(auth: ExternalAuth): Any | undefined {
  const maxBodyBytes = largestBody(auth)
  const filter = filterOf(auth)
  const forTunnels = maxBodyBytes === undefined ? undefined : filterOf(withoutBody(auth))
  const claimed = claimedHeaders(auth)
  if (claimed.length === 0) return fillPlace(filter, { maxBodyBytes, forTunnels })
  const claims = headerRemoval('headgate.ext_authz_claims', claimed)
  return fillPlaceWith([claims, filter], { maxBodyBytes, forTunnels: forTunnels && [claims, forTunnels] })
}

function filterOf(auth: ExternalAuth): envoy.config.core.v3.TypedExtensionConfig {
  return { name: NAME, typedConfig: any(EXT_AUTHZ_TYPE, extAuthz(auth)) }
}

/** The same for requests that have no body, and no end. Envoy looks after WebSockets by itself. */
export function withoutBody(auth: ExternalAuth): ExternalAuth {
  return { ...auth, maxBodyBytes: 0 }
}

/** The headers that a request gets from the answer of the service, where they are listed. */
function saidHeaders({ protocol, allowedResponseHeaders }: ExternalAuth): readonly string[] {
  return protocol === 'HTTP' ? allowedResponseHeaders.filter((name) => !isFraming(name) && name !== ':status') : []
}

/** How many bytes of a body the service sees, where it sees any: a request with more gets 413, or it would be told of a part only. */
export function largestBody({ maxBodyBytes }: ExternalAuth): number | undefined {
  return maxBodyBytes === 0 ? undefined : maxBodyBytes
}

/** The whole filter. */
export function extAuthz(auth: ExternalAuth): ExtAuthz {
  // Nobody answers at a cluster that never exists: every request is denied.
  const cluster = auth.cluster ?? INVALID_BACKEND
  const timeoutMs = timeoutOf(auth)
  const common: ExtAuthz = {
    transportApiVersion: Enum['envoy.config.core.v3.ApiVersion'].V3,
    failureModeAllow: auth.failOpen ?? false,
    ...(auth.statusOnError === undefined ? {} : { statusOnError: { code: auth.statusOnError as envoy.type.v3.StatusCode } }),
    ...(auth.maxBodyBytes === 0 ? {} : { withRequestBody: { maxRequestBytes: auth.maxBodyBytes } }),
  }
  const sent = { allowedHeaders: exactly([...ALWAYS_SENT, ...auth.allowedRequestHeaders]) }
  if (auth.protocol === 'HTTP') return { ...common, ...sent, httpService: httpService(auth, cluster) }
  const grpcService = {
    envoyGrpc: { clusterName: cluster, authority: grpcAuthority(cluster) },
    timeout: duration(timeoutMs),
    retryPolicy: questionRetry(timeoutMs),
    ...(auth.context === undefined ? {} : { initialMetadata: contextHeaders(auth.context) }),
  }
  // Without a list the service gets every header that the client sent, and this one it did not send.
  const limits = auth.allowedRequestHeaders.length === 0 ? { disallowedHeaders: exactly([SCOPE_HEADER]) } : sent
  return { ...common, ...limits, grpcService }
}

function timeoutOf({ timeoutMs = EXTERNAL_AUTH_TIMEOUT_MS }: ExternalAuth): number {
  return timeoutMs
}

function contextHeaders(context: NonNullable<ExternalAuth['context']>): readonly envoy.config.core.v3.HeaderValue[] {
  return context.map(({ name, value }) => ({ key: name, value: literally(value) }))
}

function httpService(auth: ExternalAuth, cluster: string): HttpService {
  const { pathPrefix, pathOverride, allowedResponseHeaders, context } = auth
  const timeoutMs = timeoutOf(auth)
  return {
    serverUri: { uri: `http://${cluster}`, cluster, timeout: duration(timeoutMs) },
    retryPolicy: questionRetry(timeoutMs),
    ...(pathPrefix === '' ? {} : { pathPrefix }),
    ...(pathOverride === undefined ? {} : { pathOverride }),
    ...(context === undefined ? {} : { authorizationRequest: { headersToAdd: contextHeaders(context) } }),
    authorizationResponse: {
      allowedUpstreamHeaders:
        allowedResponseHeaders.length === 0 ? { patterns: [{ safeRegex: { regex: anyBut(OF_THE_ANSWER) } }] } : exactly(saidHeaders(auth)),
    },
  }
}

function exactly(names: readonly string[]): ListStringMatcher {
  return { patterns: names.map((name) => ({ exact: name, ignoreCase: true })) }
}
