/** Clients that send one request after the other and count every answer. */
import { Agent, request } from 'node:http'

/** What became of the requests. */
export interface LoadReport {
  readonly answered: number
  /** One line for each request that was not answered with 200, at most the first hundred. */
  readonly failures: readonly string[]
}

/** A running load. */
export interface Load {
  /** Requests answered with 200 so far. */
  readonly answered: () => number
  /** Lets every request that is under way finish. */
  stop(): Promise<LoadReport>
}

const CLIENTS = 4
const PAUSE_MS = 5

/** Starts clients that keep their connections, as long as the server lets them. */
export function startLoad(address: string, port: number, host: string): Load {
  let answered = 0
  let stopping = false
  const failures: string[] = []
  const client = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    while (!stopping) {
      const outcome = await ask(agent, address, port, host)
      if (outcome === 200) answered++
      else if (failures.length < 100) failures.push(`${new Date().toISOString()} ${outcome}`)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
    agent.destroy()
  }
  const clients = Array.from({ length: CLIENTS }, client)
  return {
    answered: () => answered,
    async stop() {
      stopping = true
      await Promise.all(clients)
      return { answered, failures }
    },
  }
}

/** The status code, or the error's message. */
export function ask(agent: Agent, address: string, port: number, host: string): Promise<number | string> {
  return new Promise((resolve) => {
    const sent = request({ agent, host: address, port, path: '/', headers: { host }, timeout: 15_000 }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
      response.on('error', (error) => resolve(error.message))
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer within 15 s')))
    sent.on('error', (error) => resolve(error.message))
    sent.end()
  })
}
