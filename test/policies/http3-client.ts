/** A client of HTTP/3: a second Envoy, which takes HTTP/1.1 and passes it on over QUIC to one address. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askEnvoy } from '../../src/infra/host/envoy-admin.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { endProgram, startProgram } from '../support/program.js'

/** A running client. */
export interface Http3Client {
  /** Of 127.0.0.1: what is sent here goes on over HTTP/3, with its host as the name in the handshake. */
  readonly port: number
  /** How many requests it has sent before their handshake was done, as RFC 8470 has it (0-RTT). */
  earlyRequests(): Promise<number>
  stop(): Promise<void>
}

const TYPES = 'type.googleapis.com/envoy.extensions'

/** Starts a client that trusts an authority. Each request has a connection of its own, which goes on with what is known from the one before. */
export async function startHttp3Client(
  envoy: string,
  to: { readonly address: string; readonly port: number },
  authority: string,
): Promise<Http3Client> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-http3-'))
  const admin = join(folder, 'admin.sock')
  const port = await freePort()
  const file = join(folder, 'bootstrap.json')
  await writeFile(file, JSON.stringify(bootstrap(port, to, authority, admin)))
  const child = startProgram(envoy, ['-c', file, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'error'], {
    stdio: 'ignore',
  })
  const stop = async (): Promise<void> => {
    await endProgram(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await eventually(() => ready(admin), 20_000)
  } catch (error) {
    await stop()
    throw error
  }
  const earlyRequests = async (): Promise<number> => {
    const line = await askEnvoy(admin, 'GET', '/stats?filter=^cluster.out.upstream_rq_0rtt$')
    return Number(/: (\d+)/.exec(line)?.[1] ?? 0)
  }
  return { port, earlyRequests, stop }
}

function ready(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/ready' }, (response) => {
      response.resume()
      if (response.statusCode === 200) resolve()
      else reject(new Error('not ready'))
    })
    asked.on('error', reject)
    asked.end()
  })
}

function bootstrap(port: number, to: { readonly address: string; readonly port: number }, authority: string, admin: string): object {
  const address = (host: string, portValue: number, protocol = 'TCP') => ({ socketAddress: { protocol, address: host, portValue } })
  return {
    admin: { address: { pipe: { path: admin } } },
    staticResources: {
      listeners: [
        {
          name: 'in',
          address: address('127.0.0.1', port),
          filterChains: [
            {
              filters: [
                {
                  name: 'envoy.filters.network.http_connection_manager',
                  typedConfig: {
                    '@type': `${TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
                    statPrefix: 'in',
                    routeConfig: {
                      virtualHosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'out' } }] }],
                    },
                    httpFilters: [{ name: 'router', typedConfig: { '@type': `${TYPES}.filters.http.router.v3.Router` } }],
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [
        {
          name: 'out',
          type: 'STATIC',
          connectTimeout: '1s',
          loadAssignment: {
            clusterName: 'out',
            endpoints: [{ lbEndpoints: [{ endpoint: { address: address(to.address, to.port, 'UDP') } }] }],
          },
          typedExtensionProtocolOptions: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': `${TYPES}.upstreams.http.v3.HttpProtocolOptions`,
              commonHttpProtocolOptions: { maxRequestsPerConnection: 1 },
              explicitHttpConfig: { http3ProtocolOptions: {} },
              upstreamHttpProtocolOptions: { autoSni: true, autoSanValidation: true },
            },
          },
          transportSocket: {
            name: 'envoy.transport_sockets.quic',
            typedConfig: {
              '@type': `${TYPES}.transport_sockets.quic.v3.QuicUpstreamTransport`,
              upstreamTlsContext: { commonTlsContext: { validationContext: { trustedCa: { inlineString: authority } } } },
            },
          },
        },
      ],
    },
  }
}
