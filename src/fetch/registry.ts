/** A repository of a registry. Source: OCI Distribution Specification 1.1, "Pull". */
import type { ImageRequest } from '../gatewayapi/fetches/fetch-request.js'
import { readChallenge } from './challenge.js'
import { mayBePlain } from './destination.js'
import { FetchError } from './fetch-error.js'
import { type Answer, type GetOptions, get } from './get.js'
import { DOCUMENT_TIMEOUT_MS, MAX_DOCUMENT_BYTES } from './limits.js'
import type { FetchContext } from './outcome.js'

const UNAUTHORIZED = 401
const FORBIDDEN = 403
/** Registries keep layers elsewhere, and lead there. What comes is checked by its digest, and nobody there learns our login. */
const MAX_REDIRECTS = 3

/** How much of something is taken, and in which form. */
export interface Wanted {
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly accept?: string
}

/** Asks a registry about one repository. */
export class Repository {
  readonly #request: ImageRequest
  readonly #context: FetchContext
  readonly #base: string
  /** The value of `Authorization`, once it was asked for. */
  #authorization: string | undefined

  constructor(request: ImageRequest, context: FetchContext) {
    const { registry, repository } = request.image
    const isPlain = request.authorities === undefined && mayBePlain(new URL(`http://${registry}`), context.rules)
    this.#request = request
    this.#context = context
    this.#base = `${isPlain ? 'http' : 'https'}://${registry}/v2/${repository}`
  }

  /** `manifests/REFERENCE` or `blobs/DIGEST`. Throws `FetchError`. */
  async read(path: string, wanted: Wanted): Promise<Answer> {
    const url = new URL(`${this.#base}/${path}`)
    const options = this.#optionsFor(wanted)
    const first = await this.#ask(url, options)
    const answer = first.status === UNAUTHORIZED && (await this.#prove(first)) ? await this.#ask(url, options) : first
    return this.#follow(url, answer, options)
  }

  #optionsFor({ maxBytes, timeoutMs, accept }: Wanted): GetOptions {
    const { rules, signal } = this.#context
    return {
      rules,
      signal,
      authorities: this.#request.authorities,
      maxBytes,
      timeoutMs,
      beginMs: DOCUMENT_TIMEOUT_MS,
      headers: accept === undefined ? {} : { accept },
    }
  }

  #ask(url: URL, options: GetOptions): Promise<Answer> {
    const authorization = this.#authorization
    return get(url, { ...options, headers: { ...options.headers, ...(authorization === undefined ? {} : { authorization }) } })
  }

  /** True if there is something new to show. */
  async #prove(answer: Answer): Promise<boolean> {
    const challenge = readChallenge(answer.header('www-authenticate') ?? '')
    const { login, image } = this.#request
    const basic = login && `Basic ${Buffer.from(`${login.username}:${login.password.reveal()}`).toString('base64')}`
    if (challenge?.kind === 'bearer') {
      const url = new URL(challenge.realm)
      if (challenge.service !== undefined) url.searchParams.set('service', challenge.service)
      url.searchParams.set('scope', challenge.scope ?? `repository:${image.repository}:pull`)
      this.#authorization = `Bearer ${await this.#token(url, basic)}`
      return true
    }
    this.#authorization = challenge?.kind === 'basic' ? basic : undefined
    return this.#authorization !== undefined
  }

  async #token(url: URL, basic: string | undefined): Promise<string> {
    const options = this.#optionsFor({ maxBytes: MAX_DOCUMENT_BYTES, timeoutMs: DOCUMENT_TIMEOUT_MS })
    const answer = await get(url, { ...options, headers: basic === undefined ? {} : { authorization: basic } })
    if (answer.status === UNAUTHORIZED || answer.status === FORBIDDEN) throw new FetchError(refusal(basic !== undefined))
    if (answer.status !== 200) throw new FetchError(`the server that hands out tokens for the registry answers ${answer.status}`)
    const token = tokenOf(answer.body.toString('utf8'))
    if (token === undefined) throw new FetchError('the server that hands out tokens for the registry hands out none')
    return token
  }

  async #follow(url: URL, answer: Answer, options: GetOptions): Promise<Answer> {
    let at = url
    let last = answer
    for (let redirects = 0; isRedirect(last); redirects++) {
      const location = last.header('location') ?? ''
      if (redirects === MAX_REDIRECTS || !URL.canParse(location, at.href)) throw new FetchError('the registry leads nowhere')
      at = new URL(location, at)
      last = await get(at, options)
    }
    if (last.status === 200) return last
    if (last.status === UNAUTHORIZED || last.status === FORBIDDEN) throw new FetchError(refusal(this.#request.login !== undefined))
    throw new FetchError(last.status === 404 ? 'the registry has no such image' : `the registry answers ${last.status}`)
  }
}

function isRedirect({ status, header }: Answer): boolean {
  return status >= 300 && status < 400 && header('location') !== undefined
}

function refusal(hasLogin: boolean): string {
  return hasLogin ? 'the registry refuses the login' : 'the registry wants a login'
}

function tokenOf(text: string): string | undefined {
  try {
    const { token, access_token: other } = JSON.parse(text) as { readonly token?: unknown; readonly access_token?: unknown }
    const found = typeof token === 'string' && token !== '' ? token : other
    // A header takes no other characters.
    return typeof found === 'string' && /^[!-~]+$/.test(found) ? found : undefined
  } catch {
    return undefined
  }
}
