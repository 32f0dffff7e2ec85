/** Asks another service before a request is forwarded. Source: Gateway API v1.7, `HTTPExternalAuthFilter` (GEP-1494). */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { ExternalAuth } from '../../../ir/route.js'
import { any, duration } from '../../message.js'
import { TYPE_URL } from '../../resource.js'
import { INVALID_BACKEND } from '../invalid-backend.js'
import type { HttpFilter } from './http-filter.js'

type CheckSettings = envoy.extensions.filters.http.ext_authz.v3.CheckSettings
type StringMatcher = envoy.type.matcher.v3.StringMatcher

/** How long the service may take to decide: after that the request is denied. */
export const EXTERNAL_AUTH_TIMEOUT_MS = 10_000

/** Denies (403) when the service cannot be asked. The service itself comes with the route. */
export const EXT_AUTHZ: HttpFilter = {
  name: 'envoy.filters.http.ext_authz',
  config: any('envoy.extensions.filters.http.ext_authz.v3.ExtAuthz', {
    transportApiVersion: Enum['envoy.config.core.v3.ApiVersion'].V3,
    // Nobody answers there, so a route without a service of its own would be denied.
    grpcService: { envoyGrpc: { clusterName: INVALID_BACKEND } },
    failureModeAllow: false,
  }),
  disabled: true,
  perRoute: ({ externalAuth }) =>
    externalAuth === undefined
      ? undefined
      : any('envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute', { checkSettings: checkSettings(externalAuth) }),
  references: ({ externalAuth }) =>
    externalAuth?.cluster === undefined ? [] : [{ typeUrl: TYPE_URL.cluster, name: externalAuth.cluster }],
}

function checkSettings(auth: ExternalAuth): CheckSettings {
  const cluster = auth.cluster ?? INVALID_BACKEND
  return {
    ...(auth.maxBodyBytes === 0 ? { disableRequestBodyBuffering: true } : { withRequestBody: { maxRequestBytes: auth.maxBodyBytes } }),
    ...(auth.protocol === 'GRPC'
      ? { grpcService: { envoyGrpc: { clusterName: cluster }, timeout: duration(EXTERNAL_AUTH_TIMEOUT_MS) } }
      : { httpService: httpService(auth, cluster) }),
  }
}

function httpService(auth: ExternalAuth, cluster: string): envoy.extensions.filters.http.ext_authz.v3.HttpService {
  return {
    serverUri: { uri: `http://${cluster}`, cluster, timeout: duration(EXTERNAL_AUTH_TIMEOUT_MS) },
    ...(auth.pathPrefix === '' ? {} : { pathPrefix: auth.pathPrefix }),
    ...(auth.allowedRequestHeaders.length === 0 ? {} : { authorizationRequest: { allowedHeaders: names(auth.allowedRequestHeaders) } }),
    authorizationResponse: {
      allowedUpstreamHeaders: auth.allowedResponseHeaders.length === 0 ? EVERY_HEADER : names(auth.allowedResponseHeaders),
    },
  }
}

const EVERY_HEADER: envoy.type.matcher.v3.ListStringMatcher = { patterns: [{ safeRegex: { regex: '.*' } }] }

function names(headers: readonly string[]): envoy.type.matcher.v3.ListStringMatcher {
  return { patterns: headers.map((name): StringMatcher => ({ exact: name, ignoreCase: true })) }
}
