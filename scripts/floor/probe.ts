/** Asks one host again and again over a kept connection until it redirects to a place. */
import { Agent, get } from 'node:http'

const GIVE_UP_MS = 60_000
const RETRY_MS = 5

/** A client of one Envoy. */
export class Probe {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #address: string
  readonly #port: number

  constructor(address: string, port: number) {
    this.#address = address
    this.#port = port
  }

  /** Returns with the first answer that redirects to this host. Throws after two minutes. */
  async until(host: string, target: string): Promise<void> {
    const end = performance.now() + GIVE_UP_MS
    while (performance.now() < end) {
      const location = await this.#ask(host)
      if (location === undefined) await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      else if (location.includes(`//${target}`)) return
    }
    throw new Error(`${host} at ${this.#address}:${this.#port} did not redirect to ${target}`)
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Where it redirects to; empty when it answers otherwise, undefined when nobody answers. */
  #ask(host: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      const sent = get({ host: this.#address, port: this.#port, agent: this.#agent, headers: { host } }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.headers.location ?? ''))
      })
      sent.on('error', () => resolve(undefined))
    })
  }
}
