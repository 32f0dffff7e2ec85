/** A client that asks again as soon as it is answered, and counts every answer. */
import { Agent, get, type IncomingMessage } from 'node:http'
import { get as getSecurely, Agent as SecureAgent } from 'node:https'

/** A running client. */
export interface Load {
  /** Ends it and returns how often each answer came: `200`, or status and body, or the error of the connection. */
  end(): Promise<Readonly<Record<string, number>>>
  /** How many answers there were so far. */
  total(): number
  /** How many connections were made. */
  connections(): number
}

/** Where to send requests. */
export interface LoadTarget {
  /** Default: 127.0.0.1. */
  readonly address?: string
  readonly port: number
  readonly host: string
  readonly path?: string
  /** Over TLS with the host as SNI; PEM of the authority to trust. */
  readonly ca?: string
}

/** Starts a closed loop over one connection that is kept. */
export function startLoad({ address = '127.0.0.1', port, host, path = '/', ca }: LoadTarget): Load {
  const options = { host: address, port, path, headers: { host } }
  const plain = new Agent({ keepAlive: true, maxSockets: 1 })
  const secure = new SecureAgent({ keepAlive: true, maxSockets: 1, servername: host, ...(ca === undefined ? {} : { ca }) })
  const answers: Record<string, number> = {}
  const sockets = new Set<unknown>()
  let isEnding = false
  let total = 0
  const count = (answer: string): void => {
    answers[answer] = (answers[answer] ?? 0) + 1
    total += 1
  }
  const once = () =>
    new Promise<void>((resolve) => {
      const answered = (response: IncomingMessage): void => {
        let body = ''
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString()
        })
        response.on('end', () => {
          count(response.statusCode === 200 ? '200' : `${response.statusCode} ${body}`)
          resolve()
        })
      }
      const request = ca === undefined ? get({ ...options, agent: plain }, answered) : getSecurely({ ...options, agent: secure }, answered)
      request.on('socket', (socket) => sockets.add(socket))
      request.on('error', (error) => {
        count(error.message)
        resolve()
      })
    })
  const done = (async () => {
    while (!isEnding) await once()
  })()
  return {
    total: () => total,
    connections: () => sockets.size,
    async end() {
      isEnding = true
      await done
      plain.destroy()
      secure.destroy()
      return answers
    },
  }
}
