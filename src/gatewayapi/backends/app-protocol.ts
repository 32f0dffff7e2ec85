/**
 * What the ports of backends speak.
 *
 * Source: Gateway API v1.7 (GEP-1911) and Kubernetes, `appProtocol` of a port.
 */
import type { HttpBackend, UnsupportedProtocol } from './resolved-backend.js'

/** What a word of `appProtocol` means for HTTP, and whether TLS is spoken. */
interface Meaning extends HttpBackend {
  readonly tls: boolean
}

const HTTP1: Meaning = { protocol: 'http1', isWebSocket: false, tls: false }

/** Words are compared without case: people write `HTTPS`. */
const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ['', HTTP1],
  ['http', HTTP1],
  ['tcp', HTTP1],
  ['https', { protocol: 'auto', isWebSocket: false, tls: true }],
  ['tls', { protocol: 'auto', isWebSocket: false, tls: true }],
  ['http2', { protocol: 'http2', isWebSocket: false, tls: false }],
  ['kubernetes.io/h2c', { protocol: 'http2', isWebSocket: false, tls: false }],
  ['h2c', { protocol: 'http2', isWebSocket: false, tls: false }],
  // What browsers speak in place of gRPC: requests of HTTP/1.1 like others.
  ['grpc-web', HTTP1],
  ['grpc', { protocol: 'http2', isWebSocket: false, tls: false }],
  ['kubernetes.io/ws', { protocol: 'http1', isWebSocket: true, tls: false }],
  ['ws', { protocol: 'http1', isWebSocket: true, tls: false }],
  ['kubernetes.io/wss', { protocol: 'http1', isWebSocket: true, tls: true }],
  ['wss', { protocol: 'http1', isWebSocket: true, tls: true }],
])

/** What is spoken on a port: HTTP as the word says, and whether over TLS. */
export interface SpokenProtocol {
  readonly http: HttpBackend | UnsupportedProtocol
  readonly tls: boolean
}

/** What a value of `appProtocol` means. Left out it means HTTP/1.1. */
export function readAppProtocol(appProtocol: string | undefined): SpokenProtocol {
  const meaning = MEANINGS.get((appProtocol ?? '').toLowerCase())
  if (meaning === undefined) {
    return { http: { protocol: 'unsupported', message: `does not speak HTTP: its appProtocol is "${appProtocol}"` }, tls: false }
  }
  const { tls, ...http } = meaning
  return { http, tls }
}
