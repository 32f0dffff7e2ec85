/** Envoys that know nothing of us: what Envoy is with its own defaults and the shortest configuration that does the work. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findEnvoy } from '../../envoy/find-envoy.js'

/** A running Envoy without a control plane. */
export interface BareEnvoy extends AsyncDisposable {
  readonly pid: number
  readonly port: number
}

/**
 * A proxy for these domains, to one backend.
 *
 * @param under the program that it is run by, and the words before its own
 */
export function startBareProxy(
  port: number,
  domains: readonly string[],
  backendPort: number,
  under: readonly string[] = [],
): Promise<BareEnvoy> {
  const virtualHosts = domains.map((domain) => ({
    name: domain,
    domains: [domain],
    routes: [{ match: { prefix: '/' }, route: { cluster: 'backend' } }],
  }))
  const endpoint = { endpoint: { address: socketAddress(backendPort) } }
  const cluster = {
    name: 'backend',
    type: 'STATIC',
    loadAssignment: { clusterName: 'backend', endpoints: [{ lbEndpoints: [endpoint] }] },
  }
  return start(port, { virtualHosts }, [cluster], under)
}

/** A backend that answers by itself, faster than the proxies in front of it can ask. */
export function startDirectBackend(port: number): Promise<BareEnvoy> {
  const route = { match: { prefix: '/' }, directResponse: { status: 200, body: { inlineString: 'hello' } } }
  return start(port, { virtualHosts: [{ name: 'all', domains: ['*'], routes: [route] }] }, [])
}

async function start(port: number, routeConfig: object, clusters: readonly object[], under: readonly string[] = []): Promise<BareEnvoy> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-bare-'))
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    statPrefix: 'bare',
    routeConfig,
    httpFilters: [
      {
        name: 'envoy.filters.http.router',
        typedConfig: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  }
  const filter = { name: 'envoy.filters.network.http_connection_manager', typedConfig: manager }
  const listeners = [{ name: 'bare', address: socketAddress(port), filterChains: [{ filters: [filter] }] }]
  await writeFile(join(folder, 'envoy.json'), JSON.stringify({ staticResources: { listeners, clusters } }))
  const { path } = await findEnvoy()
  const args = ['-c', join(folder, 'envoy.json'), '--log-level', 'error', '--concurrency', '1', '--disable-hot-restart']
  const [program = path, ...programArgs] = [...under, path, ...args]
  const child = spawn(program, programArgs, { stdio: ['ignore', 'ignore', 'inherit'] })
  if (child.pid === undefined) throw new Error(`cannot run ${program}`)
  return {
    pid: child.pid,
    port,
    async [Symbol.asyncDispose]() {
      await end(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

function socketAddress(portValue: number): object {
  return { socketAddress: { address: '127.0.0.1', portValue } }
}
