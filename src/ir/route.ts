import type { ObjectVersion } from '../util/object-ref.js'
import type { ApiKeyAuth, BasicAuth, Oidc } from './authentication.js'
import type { CelExpression } from './cel.js'
import type { Extension, GeoIp } from './extension.js'
import type { Forward } from './forward.js'
import type { HeaderChanges } from './headers.js'
import type { Hostname } from './hostname.js'
import type { PathChange } from './path-change.js'
import type { RequestTraffic } from './request-traffic.js'

/** The virtual hosts of a port (HTTP) or of a TLS filter chain. */
export interface RouteTable {
  /** The name of the port, and for TLS the name of the chain behind it. */
  readonly name: string
  readonly group: string
  readonly port: string
  /** The port that clients name: redirects without a port of their own use it. */
  readonly listenerPort: number
  readonly encrypted: boolean
  /** See `VirtualHost.keptBodyBytes`. */
  readonly keptBodyBytes?: number
  readonly origins: readonly ObjectVersion[]
}

/** What a route table is but for the objects that it comes from: each object that shares a table changes those. */
export type RouteTableFrame = Omit<RouteTable, 'origins'>

/** How many filters a listener can have: each needs a place of its own in every proxy, whether it is used or not. */
export const MAX_LISTENER_FILTERS = 4

/** What is served for one domain. */
export interface VirtualHost {
  readonly routeTable: string
  /** An exact name, `*.suffix`, or `*`. */
  readonly domain: Hostname | '*'
  /** The first that matches serves the request. */
  readonly routes: readonly Route[]
  /**
   * What a request gets that no route matches: 404, 421 where another listener serves the host (RFC 9110 §15.5.20), or 503 where a route
   * may be missing that would have matched.
   */
  readonly otherwise: 404 | 421 | 503
  /** Who is asked about every request of the host before a route is looked for, in this order; at most `MAX_LISTENER_FILTERS`. */
  readonly listenerFilters: readonly ExternalAuth[]
  /** How much of the body of a request is kept for another try; undefined for what its connection may hold, where somebody says that. */
  readonly keptBodyBytes?: number
  readonly origins: readonly ObjectVersion[]
}

/** One match of one rule and what it does. */
export interface Route {
  /** `<Kind>/<namespace>/<name>/rule/<index>/match/<index>`: for access logs and explanations. */
  readonly name: string
  /** The route object. */
  readonly origin: ObjectVersion
  /** The rule's own name, where it has one. */
  readonly ruleName?: string
  readonly match: RequestMatch
  readonly action: RouteAction
  /** Changes to requests and responses of this route. */
  readonly requestHeaders: HeaderChanges
  readonly responseHeaders: HeaderChanges
  readonly cors?: Cors
  readonly csrf?: Csrf
  readonly apiKeyAuth?: ApiKeyAuth
  readonly basicAuth?: BasicAuth
  readonly oidc?: Oidc
  /** The name of the `JwtRequirement` that requests must fulfil; one that does not exist denies them all. */
  readonly jwt?: string
  readonly authorization?: Authorization
  readonly externalAuth?: ExternalAuth
  readonly credential?: CredentialInjection
  /** Programs that see requests and answers, in the order in which requests pass them; at most 8. */
  readonly extensions?: readonly Extension[]
  /** True: gRPC-Web of browsers is understood. */
  readonly grpcWeb?: true
  readonly geoIp?: GeoIp
  readonly traffic?: RequestTraffic
  /** True for GRPCRoutes: unmatched and failed requests answer in gRPC's own terms. */
  readonly grpc: boolean
  /**
   * True for what stands behind a route that answers an error in its place: no request ever comes here, and proxies refuse it all the same if
   * something is wrong with it.
   */
  readonly isUnreached?: true
}

/** What a request must look like. All parts must match. */
export interface RequestMatch {
  readonly path: PathMatch
  readonly method?: string
  readonly headers: readonly ValueMatch[]
  readonly queryParams: readonly ValueMatch[]
  /** All of them; undefined: any. */
  readonly cookies?: readonly ValueMatch[]
}

/** How a path matches. */
export type PathMatch =
  | { readonly kind: 'exact'; readonly value: string }
  /** On segment borders: `/a` matches `/a` and `/a/b`, not `/ab`. No trailing slash, except `/` itself. */
  | { readonly kind: 'prefix'; readonly value: string }
  /** RE2, the whole path. */
  | { readonly kind: 'regex'; readonly value: string }

/** A header, a query parameter or a cookie that must be there with a value. */
export interface ValueMatch {
  /** Lower case for headers; as written for query parameters and cookies. */
  readonly name: string
  readonly kind: 'exact' | 'regex'
  readonly value: string
}

/** What happens to a request that matches. */
export type RouteAction = Forward | Redirect | DirectResponse

/** Answers with a redirect. */
export interface Redirect {
  readonly kind: 'redirect'
  readonly scheme?: 'http' | 'https'
  readonly hostname?: string
  /** Already decided by the rules of the specification; undefined leaves the port away. */
  readonly port?: number
  /** The port that is meant where it goes without saying: that of a request's host, which may be another one, must not stay. */
  readonly impliedPort?: number
  readonly path?: PathChange
  readonly statusCode: 301 | 302 | 303 | 307 | 308
}

/** How long the body of an answer can be: Envoy refuses a whole route configuration for a longer one. */
export const MAX_DIRECT_RESPONSE_BYTES = 65_536

/** Answers at once. */
export interface DirectResponse {
  readonly kind: 'directResponse'
  readonly statusCode: number
  /** At most `MAX_DIRECT_RESPONSE_BYTES`. */
  readonly body?: string
  readonly contentType?: string
  /** True where `%…%` in the body stands for something of the request. */
  readonly isTemplate?: true
}

/** Cross-origin requests, as HTTPCORSFilter has them. */
export interface Cors {
  /** `*`, exact origins, or origins with `*` as a greedy wildcard in the host, such as `https://*.example.com`. */
  readonly allowOrigins: readonly string[]
  readonly allowCredentials: boolean
  readonly allowMethods: readonly string[]
  readonly allowHeaders: readonly string[]
  readonly exposeHeaders: readonly string[]
  readonly maxAgeSeconds: number
}

/** Which requests may pass: the first rule that matches decides. */
export interface Authorization {
  readonly rules: readonly AuthorizationRule[]
  /** Whether requests pass that no rule matches. */
  readonly otherwise: 'allow' | 'deny'
}

/** Requests, and whether they may pass. All parts must match. */
export interface AuthorizationRule {
  readonly action: 'allow' | 'deny'
  /** One of them; empty: any. */
  readonly methods: readonly string[]
  /** The client is in one of them; empty: anywhere. */
  readonly clients: readonly AddressRange[]
  /** All of them, each with one of its values. Names are lower case. */
  readonly headers: readonly { readonly name: string; readonly values: readonly string[] }[]
  /** One of them; any when left out. */
  readonly paths?: readonly PathMatch[]
  /** None of them. */
  readonly notPaths?: readonly PathMatch[]
  /** All of them, each with one of its values. */
  readonly queryParams?: readonly { readonly name: string; readonly values: readonly string[] }[]
  readonly token?: TokenMatch
  /** Must be true; where it cannot be evaluated, the request is refused whatever the action. */
  readonly condition?: CelExpression
}

/** A good token of a provider. */
export interface TokenMatch {
  /** Undefined: a provider that the route does not ask for, so that nobody has such a token and nobody can be told not to have it. */
  readonly provider: string | undefined
  /** All of them, each with one of its values. */
  readonly claims: readonly { readonly path: readonly string[]; readonly isList: boolean; readonly values: readonly string[] }[]
  /** All of them. */
  readonly scopes: readonly string[]
}

/** Addresses that begin alike. */
export interface AddressRange {
  readonly address: string
  /** How many bits are alike. */
  readonly bits: number
}

/** Adds a credential to requests. While it cannot be had, requests get 401. */
export interface CredentialInjection {
  /** Name of a text material. */
  readonly secret: string
  /** Lower case. */
  readonly header: string
  /** True: it replaces what the client sent. */
  readonly overwrite: boolean
}

/** Asks another service before a request is forwarded. Denies when it cannot be asked. */
export interface ExternalAuth {
  readonly protocol: 'HTTP' | 'GRPC'
  /** Undefined when the backend is invalid: every request is denied. */
  readonly cluster: string | undefined
  /** Put before the path of the request (HTTP only). */
  readonly pathPrefix: string
  /** Headers that are sent along besides those always sent; empty for gRPC means all. */
  readonly allowedRequestHeaders: readonly string[]
  /** Headers of the answer that are added to the request; empty means all. */
  readonly allowedResponseHeaders: readonly string[]
  /** 0: the body is not sent. */
  readonly maxBodyBytes: number
  /** Asked with this path, whatever that of the request is (HTTP only). */
  readonly pathOverride?: string
  /** How long it may take to decide; undefined: a default of the translation. */
  readonly timeoutMs?: number
  /** Lets requests pass when the server cannot be asked. */
  readonly failOpen?: true
  /** What requests get when the server cannot be asked; undefined: 403. */
  readonly statusOnError?: number
  /** What the server is told besides: headers over HTTP, metadata of the call over gRPC. */
  readonly context?: readonly { readonly name: string; readonly value: string }[]
}

/** Refuses requests that another site makes a browser send. */
export interface Csrf {
  /** Hosts with their ports, where they have some; `*.` stands for one or more labels. Lower case. */
  readonly additionalOrigins: readonly string[]
  /** The share of requests that is only counted; undefined: all are judged, and refused. */
  readonly shadow?: { readonly numerator: number; readonly denominator: number }
}
