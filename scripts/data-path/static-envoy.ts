/** Envoys that know nothing of us: each runs by a file of its own, without a control plane. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { endProgram, startProgram } from '../../test/support/program.js'
import { type StaticProxy, socketAddress } from './static-config.js'

/** A running Envoy without a control plane. */
export interface StaticEnvoy extends AsyncDisposable {
  readonly pid: number
  readonly port: number
}

/** A backend that answers by itself, faster than the proxies in front of it can ask. */
export function startDirectBackend(port: number): Promise<StaticEnvoy> {
  const route = { match: { prefix: '/' }, directResponse: { status: 200, body: { inlineString: 'hello' } } }
  return startStaticEnvoy(port, { virtualHosts: [{ name: 'all', domains: ['*'], routes: [route] }], clusters: [] })
}

/**
 * An Envoy with one listener of HTTP at a port of 127.0.0.1. It ends with the disposal.
 *
 * @param under the program that it is run by, and the words before its own
 */
export async function startStaticEnvoy(port: number, proxy: StaticProxy, under: readonly string[] = []): Promise<StaticEnvoy> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-static-'))
  const { virtualHosts, clusters, manager, listener, bootstrap } = proxy
  const typedConfig = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    statPrefix: 'static',
    routeConfig: { virtualHosts },
    httpFilters: [
      {
        name: 'envoy.filters.http.router',
        typedConfig: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
    ...manager,
  }
  const filter = { name: 'envoy.filters.network.http_connection_manager', typedConfig }
  const listeners = [{ name: 'static', address: socketAddress(port), filterChains: [{ filters: [filter] }], ...listener }]
  await writeFile(join(folder, 'envoy.json'), JSON.stringify({ staticResources: { listeners, clusters }, ...bootstrap }))
  const { path } = await findEnvoy()
  const args = ['-c', join(folder, 'envoy.json'), '--log-level', 'error', '--concurrency', '1', '--disable-hot-restart']
  const [program = path, ...programArgs] = [...under, path, ...args]
  const child = startProgram(program, programArgs, { stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    pid: child.pid,
    port,
    async [Symbol.asyncDispose]() {
      await endProgram(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}
