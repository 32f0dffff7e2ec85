/** An identity provider that everybody is logged in at: OpenID Connect with PKCE, as strict as a real one about what a client must prove. */
import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createIssuer } from './tokens.js'

/** A running provider. */
export interface IdentityProvider {
  readonly port: number
  readonly issuer: string
  /** The keys of its tokens. */
  readonly jwks: string
  /** Questions of browsers for a login, the newest last. */
  readonly logins: readonly URLSearchParams[]
  /** What clients asked the token endpoint, the newest last, and the status of the answer. */
  readonly exchanges: readonly { readonly form: URLSearchParams; readonly status: number }[]
  /** What it says about itself; undefined: the truth. */
  about: string | undefined
  /** How often it was asked about itself. */
  readonly asked: number
  /** Seconds that the next access tokens last; 3600 at first. */
  lifetime: number
  /** A token that it signs. */
  token(claims: Readonly<Record<string, unknown>>): string
  close(): Promise<void>
}

/** The only client that it knows. */
export interface KnownClient {
  readonly id: string
  readonly secret: string
}

interface Grant {
  readonly challenge: string
  readonly redirectUri: string
  readonly nonce: string | undefined
}

/** Starts a provider on a free port of 127.0.0.1. */
export async function startIdentityProvider(client: KnownClient): Promise<IdentityProvider> {
  const logins: URLSearchParams[] = []
  const exchanges: { form: URLSearchParams; status: number }[] = []
  const grants = new Map<string, Grant>()
  const refreshTokens = new Set<string>()
  let signer = createIssuer('')
  const state: { lifetime: number; about: string | undefined; asked: number } = { lifetime: 3600, about: undefined, asked: 0 }

  const login = (query: URLSearchParams, response: ServerResponse): void => {
    logins.push(query)
    const code = randomUUID()
    const isGood =
      query.get('client_id') === client.id && query.get('response_type') === 'code' && query.get('code_challenge_method') === 'S256'
    if (!isGood) {
      response.writeHead(400).end('bad question')
      return
    }
    const redirectUri = query.get('redirect_uri') ?? ''
    grants.set(code, { challenge: query.get('code_challenge') ?? '', redirectUri, nonce: query.get('nonce') ?? undefined })
    const back = new URL(redirectUri)
    back.searchParams.set('code', code)
    back.searchParams.set('state', query.get('state') ?? '')
    response.writeHead(302, { location: back.href }).end()
  }
  const exchange = (form: URLSearchParams, authorization: string): { readonly status: number; readonly body: object } => {
    const [id = '', secret = ''] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':')
      .map(decodeURIComponent)
    if (id !== client.id || secret !== client.secret) return { status: 401, body: { error: 'invalid_client' } }
    const code = form.get('code') ?? ''
    const grant = grants.get(code)
    grants.delete(code)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isCode = grant !== undefined && grant.challenge === challenge && grant.redirectUri === form.get('redirect_uri')
    const isRefresh = form.get('grant_type') === 'refresh_token' && refreshTokens.delete(form.get('refresh_token') ?? '')
    if (!isCode && !isRefresh) return { status: 400, body: { error: 'invalid_grant' } }
    const refreshToken = randomUUID()
    refreshTokens.add(refreshToken)
    const claims = { sub: 'ann', aud: client.id, exp: Math.floor(Date.now() / 1000) + state.lifetime }
    const body = {
      token_type: 'Bearer',
      access_token: signer.token({ ...claims, scope: 'openid' }),
      id_token: signer.token({ ...claims, ...(grant?.nonce === undefined ? {} : { nonce: grant.nonce }) }),
      refresh_token: refreshToken,
      expires_in: state.lifetime,
    }
    return { status: 200, body }
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://provider')
    if (url.pathname === '/authorize') return login(url.searchParams, response)
    if (url.pathname === '/.well-known/openid-configuration') {
      state.asked++
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(state.about ?? aboutOf(signer.issuer))
    }
    if (url.pathname === '/keys') return void response.writeHead(200).end(signer.jwks)
    if (url.pathname !== '/token') return void response.writeHead(404).end()
    void textOf(request).then((text) => {
      const form = new URLSearchParams(text)
      const { status, body } = exchange(form, request.headers.authorization ?? '')
      exchanges.push({ form, status })
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  signer = createIssuer(`http://127.0.0.1:${port}`)
  return {
    port,
    issuer: signer.issuer,
    jwks: signer.jwks,
    logins,
    exchanges,
    get about() {
      return state.about
    },
    set about(text) {
      state.about = text
    },
    get asked() {
      return state.asked
    },
    get lifetime() {
      return state.lifetime
    },
    set lifetime(seconds) {
      state.lifetime = seconds
    },
    token: (claims) => signer.token(claims),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** Source: OpenID Connect Discovery 1.0, section 3. */
export function aboutOf(issuer: string, more: object = {}): string {
  return JSON.stringify({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    ...more,
  })
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}
