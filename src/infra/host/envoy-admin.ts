/** Requests to the admin interface of a local Envoy, over its Unix socket. */
import { request } from 'node:http'

const TIMEOUT_MILLISECONDS = 5_000

/** The body of the answer. Rejects when Envoy does not answer within 5 s or answers anything but 200. */
export function askEnvoy(socketPath: string, method: 'GET' | 'POST', path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, agent: false, timeout: TIMEOUT_MILLISECONDS }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('error', reject)
      response.on('end', () =>
        response.statusCode === 200 ? resolve(body) : reject(new Error(`Envoy answers ${response.statusCode} to ${method} ${path}`)),
      )
    })
    call.on('timeout', () => call.destroy(new Error(`Envoy does not answer ${method} ${path}`)))
    call.on('error', reject)
    call.end()
  })
}

/** How many connections of clients are open, the admin interface's own left out. */
export async function openClientConnections(socketPath: string): Promise<number> {
  const lines = await askEnvoy(socketPath, 'GET', '/stats?usedonly&filter=^listener%5C..*%5C.downstream_cx_active$')
  return [...lines.matchAll(/^listener\.(?!admin\.)(?:\S+)\.downstream_cx_active: (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
}
