/** The real rate limit service with a real Redis, as `npm run service-test` brings them. */
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { endProgram, startProgram } from '../support/program.js'

/** A running service. */
export interface RateLimitService {
  readonly port: number
  /** Starts it for a control plane: its xDS port and the folder with its certificates. */
  start(xdsPort: number, trustFolder: string): Promise<void>
  /** The names of the domains that it was told of. */
  domains(): Promise<string>
  /** Ends the service, and leaves Redis. */
  pause(): Promise<void>
  /** Ends Redis, with what was counted, and leaves the service. */
  stopRedis(): Promise<void>
  startRedis(): Promise<void>
  stop(): Promise<void>
}

/** Starts Redis, and later the service on a port that is free now. */
export async function startRateLimitService(): Promise<RateLimitService> {
  const program = process.env.RATELIMIT_BIN
  if (program === undefined) throw new Error('RATELIMIT_BIN names the rate limit service: run `npm run service-test`')
  const folder = await mkdtemp(join(tmpdir(), 'headgate-redis-'))
  const [redisPort, port, debugPort, httpPort] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  let redis: ChildProcess | undefined
  const startRedis = async (): Promise<void> => {
    redis = startProgram('redis-server', ['--port', `${redisPort}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder], {
      stdio: 'ignore',
    })
    await eventually(() => reachable(redisPort), 30_000)
  }
  await startRedis()
  let service: ChildProcess | undefined
  const start = async (xdsPort: number, trust: string): Promise<void> => {
    service = startProgram(program, [], {
      stdio: 'ignore',
      env: {
        CONFIG_TYPE: 'GRPC_XDS_SOTW',
        CONFIG_GRPC_XDS_NODE_ID: 'rate-limits',
        CONFIG_GRPC_XDS_SERVER_URL: `127.0.0.1:${xdsPort}`,
        CONFIG_GRPC_XDS_SERVER_USE_TLS: 'true',
        CONFIG_GRPC_XDS_CLIENT_TLS_CERT: join(trust, 'rate-limits.crt'),
        CONFIG_GRPC_XDS_CLIENT_TLS_KEY: join(trust, 'rate-limits.key'),
        CONFIG_GRPC_XDS_SERVER_TLS_CACERT: join(trust, 'authority.crt'),
        CONFIG_GRPC_XDS_SERVER_TLS_SAN: 'headgate.internal',
        XDS_CLIENT_BACKOFF_INITIAL_INTERVAL: '100ms',
        FORCE_START_WITHOUT_INITIAL_CONFIG: 'true',
        REDIS_SOCKET_TYPE: 'tcp',
        REDIS_URL: `127.0.0.1:${redisPort}`,
        USE_STATSD: 'false',
        HOST: '127.0.0.1',
        PORT: `${httpPort}`,
        DEBUG_HOST: '127.0.0.1',
        DEBUG_PORT: `${debugPort}`,
        GRPC_HOST: '127.0.0.1',
        GRPC_PORT: `${port}`,
        RUNTIME_ROOT: folder,
        LOG_LEVEL: 'warn',
      },
    })
    await eventually(() => reachable(port), 30_000)
  }
  const pause = async (): Promise<void> => {
    await ended(service)
    service = undefined
  }
  return {
    port,
    start,
    domains: async () => (await fetch(`http://127.0.0.1:${debugPort}/rlconfig`)).text(),
    pause,
    stopRedis: () => ended(redis),
    startRedis,
    stop: async () => {
      await pause()
      await ended(redis)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function reachable(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child !== undefined) await endProgram(child)
}
