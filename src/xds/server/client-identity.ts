/** Identities of proxies: by a certificate of our authority, or by a token that somebody else reviews. */
import { createHash } from 'node:crypto'
import { errorText } from '../../util/error-text.js'
import { AuthenticationError, type Authenticator, type Identity, type StreamCredentials } from './authentication.js'
import type { ServerClock } from './clock.js'

const GROUP_URI = 'headgate:group:'

/** The name in a client certificate (a URI as subject alternative name) that lets its owner ask for a group's resources. */
export function groupUri(group: string): string {
  return `${GROUP_URI}${encodeURIComponent(group)}`
}

/** Lets in who shows a certificate with names made by `groupUri`. */
export const byCertificate: Authenticator = {
  async authenticate({ certificate }) {
    const uris = (certificate?.subjectaltname ?? '').split(', ').flatMap((name) => (name.startsWith('URI:') ? [name.slice(4)] : []))
    const groups = uris.flatMap((uri) => (uri.startsWith(GROUP_URI) ? [decodeURIComponent(uri.slice(GROUP_URI.length))] : []))
    if (groups.length === 0) {
      throw new AuthenticationError(
        'a client certificate of this control plane is needed, and none was shown that names a group of proxies',
      )
    }
    return { subject: `certificate ${JSON.stringify(certificate?.subject.CN ?? '')}`, groups }
  },
}

/** Asks somebody who can tell whether a token is good, such as the Kubernetes API by TokenReview. */
export interface TokenReviewer {
  /** The identity that the token proves, or undefined for a token that is no good. Rejects when it cannot be found out now. */
  review(token: string): Promise<Identity | undefined>
}

/** How long a good answer is used again, unless the token ends before. */
const GOOD_MS = 60_000
/** How long a bad one is: a client with a wrong token must not make us ask again and again. */
const BAD_MS = 10_000
const MAX_ANSWERS = 10_000

interface Answer {
  readonly identity: Identity | undefined
  readonly until: number
}

/** Lets in who brings a good token. Answers are remembered under the token's hash, never the token itself. */
export class TokenAuthenticator implements Authenticator {
  readonly #reviewer: TokenReviewer
  readonly #clock: ServerClock
  readonly #answers = new Map<string, Answer>()
  readonly #asked = new Map<string, Promise<Identity | undefined>>()

  constructor(reviewer: TokenReviewer, clock: ServerClock) {
    this.#reviewer = reviewer
    this.#clock = clock
  }

  async authenticate({ token }: StreamCredentials): Promise<Identity> {
    if (token === undefined) throw new AuthenticationError('a ServiceAccount token or a client certificate is needed')
    const key = createHash('sha256').update(token).digest('base64')
    const identity = await this.#identify(key, token)
    if (identity === undefined) throw new AuthenticationError('the token is not valid for this control plane')
    return identity
  }

  async #identify(key: string, token: string): Promise<Identity | undefined> {
    const now = this.#clock.now()
    const known = this.#answers.get(key)
    if (known !== undefined && now < known.until) return known.identity
    let asked = this.#asked.get(key)
    if (asked === undefined) {
      asked = this.#reviewer.review(token)
      this.#asked.set(key, asked)
    }
    try {
      const identity = await asked
      const until = identity === undefined ? now + BAD_MS : Math.min(now + GOOD_MS, expiryOf(token))
      this.#answers.delete(key)
      this.#answers.set(key, { identity, until })
      for (const oldest of this.#answers.keys()) {
        if (this.#answers.size <= MAX_ANSWERS) break
        this.#answers.delete(oldest)
      }
      return identity
    } catch (error) {
      throw new AuthenticationError(`the token cannot be checked now: ${errorText(error)}`, { cause: error })
    } finally {
      this.#asked.delete(key)
    }
  }
}

/** A certificate if one was shown, otherwise the token. */
export function certificateOrToken(byToken: Authenticator): Authenticator {
  return {
    authenticate: (credentials) =>
      credentials.certificate !== undefined ? byCertificate.authenticate(credentials) : byToken.authenticate(credentials),
  }
}

/** `exp` of a JWT in milliseconds. It is read only to forget sooner: whoever reviewed the token checked its signature. */
function expiryOf(token: string): number {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    if (typeof claims === 'object' && claims !== null && 'exp' in claims && typeof claims.exp === 'number') return claims.exp * 1000
  } catch {
    // not a JWT: its end is known to the reviewer alone
  }
  return Number.POSITIVE_INFINITY
}
