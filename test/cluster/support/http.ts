/** Single requests to a Gateway, with everything that an answer says. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http'

/** What came back. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Asks over a connection of its own. Rejects when no answer comes within 15 s. */
export function get(
  address: string,
  host: string,
  path = '/',
  headers: Readonly<Record<string, string>> = {},
  port = 80,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false })
    const sent = request({ agent, host: address, port, path, headers: { ...headers, host }, timeout: 15_000 }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      )
      response.on('error', reject)
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer within 15 s')))
    sent.on('error', reject)
    sent.end()
  })
}

/** The pod that answered: backends of the conformance suite say so. */
export function podOf({ status, body }: HttpAnswer): string {
  if (status !== 200) throw new Error(`the answer is ${status}: ${body}`)
  return (JSON.parse(body) as { readonly pod: string }).pod
}
