/** HTTP/1.1 with keep-alive: for servers without HTTP/2, for `kubectl proxy` and through forward proxies. */
import http from 'node:http'
import https from 'node:https'
import { firstHeader, type TlsMaterial, type Transport, type TransportRequest, type TransportResponse } from './transport.js'

/** Each watch holds a connection of its own, so the number of connections is not limited here. */
export class Http1Transport implements Transport {
  readonly #server: URL
  readonly #agent: http.Agent
  readonly #ownsAgent: boolean

  /** @param proxyAgent an agent that dials through a proxy; it stays the caller's */
  constructor(server: URL, tls: TlsMaterial, proxyAgent?: http.Agent) {
    this.#server = server
    this.#ownsAgent = proxyAgent === undefined
    const options = { keepAlive: true, keepAliveMsecs: 30_000, scheduling: 'lifo' } as const
    this.#agent = proxyAgent ?? (server.protocol === 'https:' ? new https.Agent({ ...options, ...tls }) : new http.Agent(options))
  }

  send(request: TransportRequest): Promise<TransportResponse> {
    return new Promise((resolve, reject) => {
      const headers: Record<string, string> = { ...request.headers }
      if (request.body !== undefined) headers['content-length'] = String(request.body.length)
      const outgoing = (this.#server.protocol === 'https:' ? https : http).request({
        protocol: this.#server.protocol,
        hostname: this.#server.hostname.replace(/^\[|\]$/g, ''),
        port: this.#server.port,
        method: request.method,
        path: request.path,
        headers,
        agent: this.#agent,
        signal: request.signal,
      })
      outgoing.once('response', (incoming) => {
        resolve({
          status: incoming.statusCode ?? 0,
          header: (name) => firstHeader(incoming.headers[name]),
          body: incoming,
        })
      })
      // More than one error may come, and one without a listener would end the process.
      outgoing.on('error', reject)
      outgoing.end(request.body)
    })
  }

  close(): void {
    if (this.#ownsAgent) this.#agent.destroy()
  }
}
