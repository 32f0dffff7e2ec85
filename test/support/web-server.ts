/** A web server of a test on a free port of 127.0.0.1, over HTTP or HTTPS. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { PemPair } from './certificates.js'

/** What it answers: a status, and what else there is to say. */
export interface WebAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

/** What it was asked. */
export interface WebQuestion {
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

/** A running server. */
export interface WebServer {
  readonly port: number
  /** `127.0.0.1:PORT` */
  readonly host: string
  /** What it was asked, the newest last. */
  readonly questions: readonly WebQuestion[]
  close(): Promise<void>
}

/** Starts a server. What it answers may change from question to question; undefined: it says nothing at all. */
export async function startWebServer(answer: (question: WebQuestion) => WebAnswer | undefined, tls?: PemPair): Promise<WebServer> {
  const questions: WebQuestion[] = []
  const listener: Parameters<typeof createServer>[1] = (request: IncomingMessage, response) => {
    const question = { path: request.url ?? '', headers: request.headers }
    questions.push(question)
    const said = answer(question)
    if (said !== undefined) response.writeHead(said.status, said.headers).end(said.body)
  }
  const server: Server =
    tls === undefined ? createServer(listener) : createSecureServer({ cert: tls.certificate, key: tls.privateKey }, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    host: `127.0.0.1:${port}`,
    questions,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
