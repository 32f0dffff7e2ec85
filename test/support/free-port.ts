/** Ports for tests that must tell a port to a program before it listens. */
import { once } from 'node:events'
import { createServer, type ListenOptions } from 'node:net'

/**
 * Below the ports that kernels give to outgoing connections and to whoever asks for any port (Linux: from 32,768 on): none of these
 * takes one between this answer and its use, which on a busy machine are seconds.
 */
const FIRST_PORT = 20_000
const PORTS = 12_000
const ATTEMPTS = 1_000

/** A TCP port that nothing listens on, for this process alone as long as it lives. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    if ((await isFree(host, port)) && (await reserve(port))) return port
  }
  throw new Error(`none of ${ATTEMPTS} ports from ${FIRST_PORT} on is free`)
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = await listen({ host, port })
  if (server === undefined) return false
  server.close()
  await once(server, 'close')
  return true
}

/** Test files run in processes of their own: a name that one of them holds (Linux) tells the others. */
async function reserve(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true
  const server = await listen({ path: `\0headgate-test-port-${port}` })
  server?.unref()
  return server !== undefined
}

/** Undefined when somebody else is there. */
async function listen(options: ListenOptions): Promise<ReturnType<typeof createServer> | undefined> {
  const server = createServer()
  server.listen(options)
  try {
    await once(server, 'listening')
    return server
  } catch {
    return undefined
  }
}
