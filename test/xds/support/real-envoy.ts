/** A real Envoy that gets its configuration from a server on loopback. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { printBootstrap } from '../../../envoy/bootstrap.js'
import { findEnvoy } from '../../../envoy/find-envoy.js'
import type { XdsConnection } from '../../../envoy/xds-cluster.js'
import { endProgram, startProgram } from '../../support/program.js'

/** A running Envoy. */
export interface RealEnvoy extends AsyncDisposable {
  readonly pid: number
  /** The answer of the admin interface. */
  admin(path: string): Promise<string>
  /** A counter or gauge; 0 when Envoy does not know it. */
  stat(name: string): Promise<number>
  /** What it wrote to its log so far. */
  log(): string
  /** What it wrote to its standard output so far, if that is kept: access logs. */
  output(): string
}

/** How to start one. */
export interface RealEnvoyOptions {
  readonly xds: Pick<XdsConnection, 'port'> & Partial<XdsConnection>
  readonly id?: string
  readonly cluster?: string
  readonly logLevel?: string
  readonly concurrency?: number
  /** True keeps what it writes to its standard output. */
  readonly keepsOutput?: boolean
  /** The program that it is run by, and the words before its own. */
  readonly under?: readonly string[]
  /** Variables of its process; those of ours when left out. */
  readonly environment?: NodeJS.ProcessEnv
}

/** Starts an Envoy; it ends with the disposal. */
export async function startEnvoy({
  xds,
  id = 'real-envoy',
  cluster = 'test',
  logLevel = 'warning',
  concurrency = 1,
  keepsOutput = false,
  under = [],
  environment = process.env,
}: RealEnvoyOptions): Promise<RealEnvoy> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-xds-'))
  const adminSocketPath = join(folder, 'admin.sock')
  const config = join(folder, 'bootstrap.json')
  await writeFile(config, printBootstrap({ node: { id, cluster }, xds: { host: '127.0.0.1', ...xds }, adminSocketPath }))
  const { path } = await findEnvoy()
  const flush = keepsOutput ? ['--file-flush-interval-msec', '50'] : []
  const args = ['-c', config, '--log-level', logLevel, '--concurrency', String(concurrency), '--disable-hot-restart', ...flush]
  const [program = path, ...programArgs] = [...under, path, ...args]
  const child = startProgram(program, programArgs, { env: environment, stdio: ['ignore', keepsOutput ? 'pipe' : 'ignore', 'pipe'] })
  let output = ''
  child.stdout?.on('data', (bytes: Buffer) => {
    output += bytes.toString()
  })
  let log = ''
  child.stderr?.on('data', (bytes: Buffer) => {
    log += bytes.toString()
  })
  const admin = (url: string) => get(adminSocketPath, url)
  return {
    admin,
    pid: child.pid,
    log: () => log,
    output: () => output,
    async stat(name) {
      const text = await admin(`/stats?filter=^${name.replaceAll('.', '\\.')}$`)
      return Number(/: (\d+)/.exec(text)?.[1] ?? 0)
    },
    async [Symbol.asyncDispose]() {
      await endProgram(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, timeout: 5_000 }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve(Buffer.concat(chunks).toString()))
    })
    sent.on('error', reject)
    sent.end()
  })
}
