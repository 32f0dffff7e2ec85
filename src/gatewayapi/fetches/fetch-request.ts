/**
 * What policies need from elsewhere: a module, the endpoints of an identity provider. The translation says what it looks for, an edge fetches it
 * and sets the input `fetched`. Whoever asks for the same thing with the same references shares what comes.
 */
import type { Sensitive } from '../../ir/sensitive.js'
import type { ImageName } from './image-name.js'

/** Something that is to be fetched. */
export type FetchRequest = ModuleRequest | ImageRequest | ProviderRequest

interface Asked {
  /** What is asked for, with the names of Secrets and never their content: a new password asks for the same thing. */
  readonly key: string
  /** PEM of the authorities that the server must be certified by; undefined: those that the system trusts. */
  readonly authorities: string | undefined
}

/** How often something is asked for. */
interface Followed {
  /** True: again and again, because it may change under its name. False: once. */
  readonly isFollowed: boolean
}

/** A WebAssembly module from a web server. */
export interface ModuleRequest extends Asked, Followed {
  readonly kind: 'module'
  readonly url: string
  /** Of the module, in hexadecimal digits; undefined: whatever comes. */
  readonly sha256: string | undefined
}

/** A WebAssembly module in an image of a registry. */
export interface ImageRequest extends Asked, Followed {
  readonly kind: 'image'
  readonly image: ImageName
  /** Of the manifest, in hexadecimal digits; undefined: whatever comes. */
  readonly sha256: string | undefined
  readonly login: RegistryLogin | undefined
}

/** What an identity provider says about itself. */
export interface ProviderRequest extends Asked {
  readonly kind: 'provider'
  /** Its address, without a slash at its end. */
  readonly issuer: string
}

/** Who we are for a registry. */
export interface RegistryLogin {
  readonly username: string
  readonly password: Sensitive
}

/** What came of it, and a hash of that. No value: nothing yet. */
export type Fetched =
  | { readonly state: 'fetched'; readonly content: FetchedContent; readonly version: string }
  /** Why, for people: the words of no server, and no secret. What came before still counts, so there was nothing. */
  | { readonly state: 'failed'; readonly reason: string }

/** What came. */
export type FetchedContent =
  | { readonly kind: 'module'; readonly base64: string }
  | { readonly kind: 'provider'; readonly provider: ProviderDocument }

/** The addresses of an identity provider. Source: OpenID Connect Discovery 1.0, section 3. */
export interface ProviderDocument {
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly endSessionEndpoint: string | undefined
  readonly jwksUri: string
}

/** The key of a request: equal requests have equal keys, whatever is in the Secrets that they name. */
export function fetchKey(...parts: readonly (string | undefined)[]): string {
  return JSON.stringify(parts.map((part) => part ?? ''))
}
