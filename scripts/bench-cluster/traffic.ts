/** Requests to the Gateway. Every answer is counted. */
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { type RequestOptions, Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { pause } from './cluster.js'

/** One answer; status 0: the connection failed. */
export interface Answer {
  readonly status: number
  readonly version: string | undefined
}

/** How long a request may take. */
const TIMEOUT_MS = 5_000

/** A client of one address that asks for one thing at a time, on one connection. */
export class Client {
  readonly #address: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #answers = new Map<number, number>()
  readonly #versions = new Set<string>()

  constructor(address: string) {
    this.#address = address
  }

  /** How often each status was answered so far. */
  get answers(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#answers)
  }

  /** Each version of a route that an answer told. */
  get versions(): ReadonlySet<string> {
    return this.#versions
  }

  /** One request for a host. Never rejects. */
  async ask(host: string): Promise<Answer> {
    const answer = await send(request, { host: this.#address, port: 80, agent: this.#agent, headers: { host }, timeout: TIMEOUT_MS })
    if (answer.version !== undefined) this.#versions.add(answer.version)
    this.#answers.set(answer.status, (this.#answers.get(answer.status) ?? 0) + 1)
    return answer
  }

  /** One request for a host by HTTPS, on a connection of its own: hosts have certificates of their own. Never rejects. */
  async askTls(host: string): Promise<Answer> {
    const agent = new TlsAgent({ keepAlive: false })
    const options = {
      host: this.#address,
      port: 443,
      agent,
      servername: host,
      rejectUnauthorized: false,
      headers: { host },
      timeout: TIMEOUT_MS,
    }
    const answer = await send(tlsRequest, options)
    agent.destroy()
    this.#answers.set(answer.status, (this.#answers.get(answer.status) ?? 0) + 1)
    return answer
  }

  /** Asks until the answer is 200, `pauseMs` after each that is not; resolves with the milliseconds, or undefined after `withinMs`. */
  async until(ask: () => Promise<Answer>, withinMs: number, pauseMs = 1): Promise<number | undefined> {
    const start = performance.now()
    while (performance.now() - start < withinMs) {
      if ((await ask()).status === 200) return performance.now() - start
      await pause(pauseMs)
    }
    return undefined
  }

  close(): void {
    this.#agent.destroy()
  }
}

type Sender = (options: RequestOptions, answer: (response: IncomingMessage) => void) => ClientRequest

function send(sender: Sender, options: RequestOptions): Promise<Answer> {
  return new Promise((resolve) => {
    const sent = sender(options, (response) => {
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode ?? 0, version: String(response.headers['x-version'] ?? '') }))
      response.on('error', () => resolve({ status: 0, version: undefined }))
    })
    sent.on('timeout', () => sent.destroy())
    sent.on('error', () => resolve({ status: 0, version: undefined }))
    sent.end()
  })
}

/** What came of work under load, and every answer meanwhile. */
export interface UnderLoad<T> {
  readonly value: T
  readonly answers: Readonly<Record<string, number>>
  /** The versions of routes that answers told. */
  readonly versions: ReadonlySet<string>
}

/** Requests without pause while something happens. Resolves with what that gave, and every answer. */
export async function underLoad<T>(
  address: string,
  hosts: readonly string[],
  connections: number,
  work: () => Promise<T>,
): Promise<UnderLoad<T>> {
  const clients = Array.from({ length: connections }, () => new Client(address))
  let isDone = false
  const load = clients.map(async (client, i) => {
    for (let k = i; !isDone; k++) await client.ask(hosts[k % hosts.length] ?? '')
  })
  try {
    const value = await work()
    const answers = await end()
    return { value, answers, versions: new Set(clients.flatMap(({ versions }) => [...versions])) }
  } finally {
    await end()
  }

  async function end(): Promise<Readonly<Record<string, number>>> {
    isDone = true
    await Promise.all(load)
    for (const client of clients) client.close()
    return sum(clients.map((client) => client.answers))
  }
}

/** Counts of several clients together. */
export function sum(counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const total: Record<string, number> = {}
  for (const each of counts) for (const [status, count] of Object.entries(each)) total[status] = (total[status] ?? 0) + count
  return total
}
