/** Issuers of JSON Web Tokens, and a server for their keys. */
import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Somebody who signs tokens. */
export interface TestIssuer {
  readonly issuer: string
  readonly publicKey: KeyObject
  /** The key set as text. */
  readonly jwks: string
  /** A token with these claims; `iss` and `exp` (in an hour) are there unless they are given, `undefined` leaves one out. */
  token(claims?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): string
}

/** An issuer with an RSA key of its own. */
export function createIssuer(issuer: string, kid = 'k1'): TestIssuer {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    issuer,
    publicKey,
    jwks: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] }),
    token: (claims, header) => {
      const signed = unsigned({ alg: 'RS256', kid, ...header }, { iss: issuer, exp: inSeconds(3600), ...claims })
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
    },
  }
}

/** Seconds since 1970, from now. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds
}

/** Header and payload, without a signature. */
export function unsigned(header: object, claims: object): string {
  return [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
}

/** A token whose signature is made with a shared secret: with the text of a public key it is the classic confusion of keys. */
export function hmacToken(secret: string | Buffer, claims: object, header: object = {}): string {
  const signed = unsigned({ alg: 'HS256', typ: 'JWT', ...header }, claims)
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** A token that carries the key that it was signed with. */
export function selfSignedToken(claims: object, kid: string, extra: object = {}): string {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const signed = unsigned({ alg: 'RS256', kid, jwk: publicKey.export({ format: 'jwk' }), ...extra }, claims)
  return `${signed}.${sign('sha256', Buffer.from(signed), createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }))).toString('base64url')}`
}

/** A server of keys. */
export interface KeyServer {
  readonly port: number
  /** How often it was asked, by path. */
  readonly asked: ReadonlyMap<string, number>
  /** What it answers on a path; undefined: 503. */
  set(path: string, jwks: string | undefined): void
  close(): Promise<void>
}

/** Starts a server of keys on a free port of 127.0.0.1. */
export async function startKeyServer(): Promise<KeyServer> {
  const answers = new Map<string, string>()
  const asked = new Map<string, number>()
  const server: Server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.set(path, (asked.get(path) ?? 0) + 1)
    const text = answers.get(path)
    response.statusCode = text === undefined ? 503 : 200
    response.end(text ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    set: (path, jwks) => (jwks === undefined ? answers.delete(path) : answers.set(path, jwks)),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
