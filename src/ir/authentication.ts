/** Who sends a request, and how that is found out. */
import type { ObjectVersion } from '../util/object-ref.js'
import type { Sensitive } from './sensitive.js'

/** Tokens that requests must carry. Routes name it; the proxies of a group hold it once, however many routes do. */
export interface JwtRequirement {
  /** `SecurityPolicy/<namespace>/<name>`, with `/overrides` behind it for what its overrides say. */
  readonly name: string
  /** One of them is enough. */
  readonly providers: readonly JwtProvider[]
  /** `missing`: requests without a token pass as well. `failed`: those with a bad one, too. */
  readonly tolerates: 'nothing' | 'missing' | 'failed'
  readonly origins: readonly ObjectVersion[]
}

/** Somebody who issues tokens. */
export interface JwtProvider {
  /** Unique within the requirement: the name under which claims are known to what comes behind. */
  readonly name: string
  /** Undefined: any. */
  readonly issuer: string | undefined
  /** Empty: any. */
  readonly audiences: readonly string[]
  readonly keys: JwtKeys
  /** Headers that claims go to; what clients send under these names is dropped. */
  readonly claimHeaders: readonly { readonly header: string; readonly claim: string }[]
  readonly from: JwtPlaces
}

/** Where the keys are that signatures are checked with. */
export type JwtKeys =
  /** A JSON Web Key Set; it may hold a shared key. */
  | { readonly kind: 'inline'; readonly jwks: Sensitive }
  | {
      readonly kind: 'remote'
      readonly uri: string
      /** Undefined when nobody can be asked: then no token is good. */
      readonly cluster: string | undefined
      readonly timeoutMs: number
      readonly cacheMs: number
      /** How long to wait after a failed fetch. */
      readonly pauseMs: number
      readonly retries: number
    }

/** Where tokens are looked for. */
export interface JwtPlaces {
  /** The prefix is the empty string where the whole value is the token. */
  readonly headers: readonly { readonly name: string; readonly prefix: string }[]
  readonly cookies: readonly string[]
  readonly params: readonly string[]
}

/** Keys that requests must carry. */
export interface ApiKeyAuth {
  /** In the order of their clients; no key twice. */
  readonly credentials: readonly { readonly client: string; readonly key: Sensitive }[]
  /** Where keys are looked for: the first place that has one decides. */
  readonly places: readonly { readonly kind: 'header' | 'query' | 'cookie'; readonly name: string }[]
  /** Gets the name of the client, whatever the client sent in it; in lower case. */
  readonly clientHeader: string | undefined
  /** True takes the key out of the request. */
  readonly hides: boolean
}

/** Names and passwords that requests must carry. */
export interface BasicAuth {
  /** Lines of `NAME:{SHA}HASH`. */
  readonly users: Sensitive
  /** Gets the name, whatever the client sent in it; in lower case. */
  readonly nameHeader: string | undefined
}

/** Sends browsers to an identity provider to log in. */
export interface Oidc {
  /** Where browsers log in. */
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: {
    readonly uri: string /** Undefined when nobody can be asked: then nobody logs in. */
    readonly cluster: string | undefined
  }
  readonly endSessionEndpoint: string | undefined
  readonly clientId: string
  /** Names of text materials. */
  readonly clientSecret: string
  readonly sealingKey: string
  /** With `%REQ(...)%` for parts of the request. */
  readonly redirectUri: string
  readonly redirectPath: string
  readonly logoutPath: string
  readonly scopes: readonly string[]
  readonly resources: readonly string[]
  readonly cookies: OidcCookies
  /** Requests with one of these get 401 instead of being sent to log in. */
  readonly unredirected: readonly {
    readonly name: string
    readonly kind: 'exact' | 'prefix' | 'suffix' | 'regex'
    readonly value: string
  }[]
  readonly forwardsAccessToken: boolean
  readonly idTokenHeader: string | undefined
  readonly refreshes: boolean
  /** Undefined: Envoy's default. */
  readonly tokenMs: number | undefined
  readonly refreshTokenMs: number | undefined
  readonly loginMs: number | undefined
  readonly encrypts: boolean
  /** True lets requests with `Authorization: Bearer` pass to whoever checks tokens behind. */
  readonly passesBearers: boolean
}

/** The cookies of a session. */
export interface OidcCookies {
  readonly accessToken: string
  readonly idToken: string
  /** Behind the names of the other cookies. */
  readonly suffix: string
  readonly domain: string | undefined
  readonly sameSite: 'lax' | 'strict' | 'none'
}
