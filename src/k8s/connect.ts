/** Picks the transport that the server speaks. */
import type http from 'node:http'
import net from 'node:net'
import tls from 'node:tls'
import { Http1Transport } from './http1-transport.js'
import { Http2Transport } from './http2-transport.js'
import type { TlsMaterial, Transport, TransportRequest, TransportResponse } from './transport.js'

/** The TLS handshake takes longer than this only when nobody is there. */
const DIAL_TIMEOUT_MS = 10_000

/**
 * A transport to the server: HTTP/2 where the server negotiates it, HTTP/1.1 over plain text, through proxies and for everybody else.
 * Nothing is dialled before the first request.
 */
export function connectTransport(server: URL, material: TlsMaterial, proxyAgent?: http.Agent): Transport {
  if (server.protocol !== 'https:' || proxyAgent !== undefined) return new Http1Transport(server, material, proxyAgent)
  return new NegotiatingTransport(server, material)
}

/** Asks the server once, by ALPN, and stays with its answer. */
class NegotiatingTransport implements Transport {
  readonly #server: URL
  readonly #material: TlsMaterial
  #chosen: Promise<Transport> | undefined

  constructor(server: URL, material: TlsMaterial) {
    this.#server = server
    this.#material = material
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    this.#chosen ??= this.#negotiate()
    const chosen = this.#chosen
    try {
      return await (await chosen).send(request)
    } catch (error) {
      // A server that could not be reached has not answered the question yet.
      chosen.catch(() => {
        if (this.#chosen === chosen) this.#chosen = undefined
      })
      throw error
    }
  }

  close(): void {
    this.#chosen?.then(
      (transport) => transport.close(),
      () => undefined,
    )
  }

  async #negotiate(): Promise<Transport> {
    const first = await dial(this.#server, this.#material)
    if (first.alpnProtocol !== 'h2') {
      first.destroy()
      return new Http1Transport(this.#server, this.#material)
    }
    let unused: tls.TLSSocket | undefined = first
    return new Http2Transport(this.#server, async () => {
      const socket = unused ?? (await dial(this.#server, this.#material))
      unused = undefined
      return socket
    })
  }
}

function dial(server: URL, material: TlsMaterial): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const host = server.hostname.replace(/^\[|\]$/g, '')
    const socket = tls.connect({
      ...material,
      host,
      port: Number(server.port || 443),
      // A server name is a name: an address in SNI is an error.
      ...(material.servername === undefined && net.isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    const timer = setTimeout(() => socket.destroy(new Error(`no TLS handshake within ${DIAL_TIMEOUT_MS} ms`)), DIAL_TIMEOUT_MS)
    socket.once('secureConnect', () => {
      clearTimeout(timer)
      socket.off('error', reject)
      socket.setKeepAlive(true, 30_000)
      resolve(socket)
    })
    socket.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
  })
}
