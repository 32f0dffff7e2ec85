/** Requests to the Gateway, one after the other on one connection. Every answer is counted. */
import { Agent, request } from 'node:http'

/** One answer; status 0: the connection failed. */
export interface Answer {
  readonly status: number
  readonly version: string | undefined
}

/** A client of one address. */
export class Client {
  readonly #address: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly answers: Map<number, number> = new Map()

  constructor(address: string) {
    this.#address = address
  }

  /** One request for a host. Never rejects. */
  async ask(host: string): Promise<Answer> {
    const answer = await this.#send(host)
    this.answers.set(answer.status, (this.answers.get(answer.status) ?? 0) + 1)
    return answer
  }

  /** Asks until the answer is right; resolves with the milliseconds that it took, or undefined after `withinMs`. */
  async until(host: string, isRight: (answer: Answer) => boolean, withinMs: number): Promise<number | undefined> {
    const start = performance.now()
    while (performance.now() - start < withinMs) {
      if (isRight(await this.ask(host))) return performance.now() - start
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return undefined
  }

  close(): void {
    this.#agent.destroy()
  }

  #send(host: string): Promise<Answer> {
    return new Promise((resolve) => {
      const sent = request({ host: this.#address, port: 80, agent: this.#agent, headers: { host }, timeout: 5_000 }, (response) => {
        response.resume()
        response.on('end', () => resolve({ status: response.statusCode ?? 0, version: String(response.headers['x-version'] ?? '') }))
        response.on('error', () => resolve({ status: 0, version: undefined }))
      })
      sent.on('timeout', () => sent.destroy())
      sent.on('error', () => resolve({ status: 0, version: undefined }))
      sent.end()
    })
  }
}
