/** Routes, listeners and requests as tests of the specification write them: plain objects, as a client of the API would send them. */

/** What is done to headers. */
export interface HeaderFilter {
  readonly set?: readonly NamedValue[]
  readonly add?: readonly NamedValue[]
  readonly remove?: readonly string[]
}

/** A header or a query parameter. */
export interface NamedValue {
  readonly name: string
  readonly value: string
}

/** HTTPPathModifier. */
export type PathModifier =
  | { readonly type: 'ReplaceFullPath'; readonly replaceFullPath: string }
  | { readonly type: 'ReplacePrefixMatch'; readonly replacePrefixMatch: string }

/** A filter of a rule or of a backendRef. */
export type Filter =
  | { readonly type: 'RequestHeaderModifier'; readonly requestHeaderModifier: HeaderFilter }
  | { readonly type: 'ResponseHeaderModifier'; readonly responseHeaderModifier: HeaderFilter }
  | { readonly type: 'URLRewrite'; readonly urlRewrite: { readonly hostname?: string; readonly path?: PathModifier } }
  | { readonly type: 'RequestRedirect'; readonly requestRedirect: RedirectFilter }
  | { readonly type: 'RequestMirror'; readonly requestMirror: { readonly backendRef: Ref; readonly percent?: number } }
  | { readonly type: 'CORS'; readonly cors: CorsFilter }
  /** Of another implementation: nobody here knows what it does. */
  | { readonly type: 'ExtensionRef'; readonly extensionRef: { readonly group: string; readonly kind: string; readonly name: string } }

/** HTTPRequestRedirectFilter. */
export interface RedirectFilter {
  readonly scheme?: 'http' | 'https'
  readonly hostname?: string
  readonly port?: number
  readonly path?: PathModifier
  readonly statusCode?: 301 | 302 | 303 | 307 | 308
}

/** HTTPCORSFilter. */
export interface CorsFilter {
  readonly allowOrigins?: readonly string[]
  readonly allowCredentials?: boolean
  readonly allowMethods?: readonly string[]
  readonly allowHeaders?: readonly string[]
  readonly exposeHeaders?: readonly string[]
  /** Seconds. */
  readonly maxAge?: number
}

/** A reference to a Backend of Headgate or to a Service. */
export interface Ref {
  readonly group: '' | 'headgate.dev'
  readonly kind: 'Service' | 'Backend'
  readonly name: string
  readonly namespace?: string
  readonly port?: number
}

/** HTTPRouteMatch or, with `call` instead of a path, a method and parameters, GRPCRouteMatch. */
export interface Match {
  readonly path?: { readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression'; readonly value: string }
  readonly method?: string
  readonly headers?: readonly ValueMatch[]
  readonly queryParams?: readonly ValueMatch[]
  /** GRPCMethodMatch. */
  readonly call?: { readonly type?: 'Exact' | 'RegularExpression'; readonly service?: string; readonly method?: string }
}

/** A header or a query parameter that must be there. */
export interface ValueMatch extends NamedValue {
  readonly type?: 'Exact' | 'RegularExpression'
}

/** A backendRef. */
export type WeightedRef = Ref & { readonly weight?: number; readonly filters?: readonly Filter[] }

/** HTTPRouteRule or GRPCRouteRule. */
export interface Rule {
  readonly matches?: readonly Match[]
  readonly filters?: readonly Filter[]
  readonly backendRefs?: readonly WeightedRef[]
  readonly timeouts?: { readonly request?: string; readonly backendRequest?: string }
  readonly retry?: { readonly attempts: number; readonly codes: readonly number[]; readonly backoff: string }
  readonly sessionPersistence?: { readonly type: 'Cookie'; readonly cookie: { readonly name: string } }
}

/** ParentReference: a Gateway, or a ListenerSet. */
export interface ParentRef {
  readonly kind?: 'ListenerSet'
  readonly name: string
  readonly namespace: string
  readonly sectionName?: string
  readonly port?: number
}

/** A route. */
export interface Route {
  readonly kind: 'HTTPRoute' | 'GRPCRoute'
  readonly namespace: string
  readonly name: string
  /** RFC 3339. */
  readonly created: string
  readonly parentRefs: readonly ParentRef[]
  readonly hostnames?: readonly string[]
  readonly rules: readonly Rule[]
}

/** A listener. Those of a port have the same protocol. */
export interface Listener {
  readonly name: string
  /** Of what it is in: the Gateway `gw`, or a ListenerSet. */
  readonly parent: { readonly kind?: 'ListenerSet'; readonly namespace: string; readonly name: string }
  readonly port: number
  readonly protocol: 'HTTP' | 'HTTPS'
  readonly hostname?: string
  /** Whose routes it takes. */
  readonly from: 'Same' | 'All'
}

/** A ReferenceGrant: who may refer to what in its namespace. */
export interface Grant {
  readonly namespace: string
  readonly from: { readonly kind: Route['kind']; readonly namespace: string }
  readonly to: { readonly group: Ref['group']; readonly kind: Ref['kind']; readonly name?: string }
}

/** A request of a client. Its path needs no normalizing. */
export interface Request {
  /** Of the listener. */
  readonly port: number
  /** The name in the handshake of a connection by TLS. */
  readonly serverName?: string
  /** As the header says it. */
  readonly host: string
  readonly method: string
  readonly path: string
  /** Without the `?`; every name at most once. */
  readonly query: string
  /** By lower-case names, without the host. */
  readonly headers: Readonly<Record<string, string>>
  /** Else HTTP/1.1. */
  readonly isHttp2: boolean
}

/** True for a call of gRPC. */
export function isCall({ headers }: Pick<Request, 'headers'>): boolean {
  return /^application\/grpc([+;]|$)/.test(headers['content-type'] ?? '')
}

/** The object of a route. */
export function routeObject({ kind, namespace, name, created, rules, ...spec }: Route): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind,
    metadata: { namespace, name, creationTimestamp: created },
    spec: { ...spec, rules: rules.map(({ matches, ...rest }) => ({ ...rest, ...(matches && { matches: matches.map(matchObject) }) })) },
  }
}

/** The object of a grant. */
export function grantObject({ namespace, from, to }: Grant, name: string): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'ReferenceGrant',
    metadata: { namespace, name },
    spec: { from: [{ group: 'gateway.networking.k8s.io', ...from }], to: [to] },
  }
}

function matchObject({ call, ...match }: Match): object {
  return call === undefined ? match : { ...match, method: call }
}
