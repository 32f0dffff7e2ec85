/** HTTPRoutes and requests as tests of the specification write them: plain objects, as a client of the API would send them. */

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

/** HTTPRequestRedirectFilter. */
export interface RedirectFilter {
  readonly scheme?: 'http' | 'https'
  readonly hostname?: string
  readonly port?: number
  readonly path?: PathModifier
  readonly statusCode?: 301 | 302 | 303 | 307 | 308
}

/** A reference to a Backend of Headgate. */
export interface Ref {
  readonly group: 'headgate.dev'
  readonly kind: 'Backend'
  readonly name: string
}

/** HTTPRouteMatch. */
export interface Match {
  readonly path?: { readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression'; readonly value: string }
  readonly method?: string
  readonly headers?: readonly ValueMatch[]
  readonly queryParams?: readonly ValueMatch[]
}

/** A header or a query parameter that must be there. */
export interface ValueMatch extends NamedValue {
  readonly type?: 'Exact' | 'RegularExpression'
}

/** HTTPRouteRule. */
export interface Rule {
  readonly matches?: readonly Match[]
  readonly filters?: readonly Filter[]
  readonly backendRefs?: readonly (Ref & { readonly weight?: number; readonly filters?: readonly Filter[] })[]
  readonly timeouts?: { readonly request?: string; readonly backendRequest?: string }
  readonly retry?: { readonly attempts: number; readonly codes: readonly number[]; readonly backoff: string }
}

/** An HTTPRoute in the namespace `default`. */
export interface Route {
  readonly name: string
  /** RFC 3339. */
  readonly created: string
  readonly parentRefs: readonly { readonly name: string; readonly sectionName?: string; readonly port?: number }[]
  readonly hostnames?: readonly string[]
  readonly rules: readonly Rule[]
}

/** A listener of the Gateway: plain HTTP for routes of its own namespace. */
export interface Listener {
  readonly name: string
  readonly port: number
  readonly hostname?: string
}

/** A request of a client. Its path needs no normalizing. */
export interface Request {
  /** Of the listener. */
  readonly port: number
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

/** The object of a route. */
export function manifest({ name, created, ...spec }: Route): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, creationTimestamp: created },
    spec,
  }
}
