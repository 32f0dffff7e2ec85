import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { release } from 'node:os'
import { dirname } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { withAllocatorCaches } from '../../../envoy/allocator-caches.js'
import { printBootstrap } from '../../../envoy/bootstrap.js'
import { type EnvoyBinary, findEnvoy } from '../../../envoy/find-envoy.js'
import { eventually } from '../../../test/support/eventually.js'
import { freePort } from '../../../test/support/free-port.js'
import { createLogger } from '../../telemetry/logger.js'
import { askEnvoy, openClientConnections } from './envoy-admin.js'
import { EnvoyProcess, type EnvoyProcessOptions } from './envoy-process.js'

const WITHIN_MS = 15_000
let envoy: EnvoyBinary
const running: { readonly stop: AbortController; readonly done: Promise<void> }[] = []

beforeAll(async () => {
  envoy = await findEnvoy()
}, 120_000)

afterEach(async () => {
  for (const { stop, done } of running.splice(0)) {
    stop.abort()
    await done
  }
})

/** An Envoy that echoes bytes on a port, without a control plane. */
function start(port: number, options: Partial<EnvoyProcessOptions> = {}) {
  const lines: string[] = []
  const logger = createLogger({ level: 'debug', format: 'json', write: (line) => void lines.push(line) })
  const bootstrap: EnvoyProcessOptions['bootstrap'] = ({ adminSocketPath }) => {
    const { dynamicResources: _dropped, ...rest } = JSON.parse(
      printBootstrap({ node: { id: 'test', cluster: 'test' }, xds: { host: '127.0.0.1', port: 9 }, adminSocketPath }),
    )
    const echo = { name: 'echo', typedConfig: { '@type': 'type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo' } }
    const address = { socketAddress: { address: '127.0.0.1', portValue: port } }
    const typedConfig = {
      '@type': 'type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
      logFormat: { textFormatSource: { inlineString: 'a connection has ended\n' } },
    }
    const accessLog = [{ name: 'stdout', typedConfig }]
    const listeners = [{ name: 'echo', address, accessLog, filterChains: [{ filters: [echo] }] }]
    return JSON.stringify({ ...rest, staticResources: { listeners } })
  }
  const process = new EnvoyProcess({ path: envoy.path, bootstrap, logger, logLevel: 'debug', concurrency: 1, ...options })
  const stop = new AbortController()
  const done = process.start(stop.signal)
  running.push({ stop, done })
  return { process, stop, done, lines }
}

async function runningState(process: EnvoyProcess) {
  await eventually(async () => {
    if (process.state.kind !== 'running') throw new Error(process.state.kind)
    expect(await askEnvoy(process.state.adminSocketPath, 'GET', '/ready')).toBe('LIVE\n')
  }, WITHIN_MS)
  if (process.state.kind !== 'running') throw new Error(process.state.kind)
  return process.state
}

const exists = (pid: number): boolean => existsSync(`/proc/${pid}`)

describe('EnvoyProcess', () => {
  it(
    'runs Envoy, hands its log on, and leaves neither a process nor a file behind',
    async () => {
      const { process, stop, done, lines } = start(await freePort())
      const { pid, adminSocketPath } = await runningState(process)
      expect(lines.join('')).toContain('loading 1 listener(s)')
      stop.abort()
      await done
      expect(process.state).toEqual({ kind: 'stopped' })
      expect(exists(pid)).toBe(false)
      expect(existsSync(dirname(adminSocketPath))).toBe(false)
    },
    WITHIN_MS,
  )

  it(
    'lets Envoy keep freed memory with processors where Linux does that right',
    async () => {
      const { process } = start(await freePort())
      const { adminSocketPath } = await runningState(process)
      const [, bytes] = /MALLOC: +(\d+) .*per-CPU slab bytes used/.exec(await askEnvoy(adminSocketPath, 'GET', '/memory/tcmalloc')) ?? []
      const isRight = withAllocatorCaches('linux', release(), {}).GLIBC_TUNABLES !== undefined
      expect(Number(bytes) > 0).toBe(isRight)
    },
    WITHIN_MS,
  )

  it(
    'waits for open connections before it ends Envoy, but not longer than it may',
    async () => {
      const port = await freePort()
      const { process, stop, done } = start(port, { drainMilliseconds: 600 })
      const { adminSocketPath } = await runningState(process)
      const client = connect(port, '127.0.0.1')
      const closed = new Promise((resolve) => client.on('close', resolve))
      client.write('hello')
      await new Promise((resolve) => client.once('data', resolve))
      expect(await openClientConnections(adminSocketPath)).toBeGreaterThan(0)
      const began = performance.now()
      stop.abort()
      await done
      expect(performance.now() - began).toBeGreaterThanOrEqual(600)
      await closed

      const again = start(port, { drainMilliseconds: WITHIN_MS })
      await runningState(again.process)
      again.stop.abort()
      await again.done
    },
    WITHIN_MS,
  )

  it(
    'hands on what Envoy writes to its standard output, soon and also at its end, of each Envoy after a crash',
    async () => {
      const port = await freePort()
      let written = ''
      const onOutput = (bytes: Buffer): void => {
        written += bytes.toString()
      }
      const { process, stop, done } = start(port, { onOutput })
      const connection = async (): Promise<void> => {
        const client = connect(port, '127.0.0.1', () => client.end('hello'))
        client.resume()
        await new Promise((resolve) => client.on('close', resolve))
      }
      const { pid } = await runningState(process)
      await connection()
      await eventually(() => expect(written).toBe('a connection has ended\n'), 5_000)
      global.process.kill(pid, 'SIGKILL')
      await eventually(() => expect(process.state.kind === 'running' && process.state.pid).not.toBe(pid), WITHIN_MS)
      await runningState(process)
      await connection()
      stop.abort()
      await done
      expect(written).toBe('a connection has ended\n'.repeat(2))
    },
    WITHIN_MS,
  )

  it(
    'starts a crashed Envoy again',
    async () => {
      const { process, lines } = start(await freePort())
      const { pid } = await runningState(process)
      global.process.kill(pid, 'SIGKILL')
      await eventually(() => expect(process.state.kind === 'running' && process.state.pid).not.toBe(pid), WITHIN_MS)
      expect((await runningState(process)).pid).not.toBe(pid)
      expect(lines.join('')).toContain('Envoy ended: SIGKILL')
    },
    WITHIN_MS,
  )

  it(
    'says why Envoy does not start, and waits longer each time',
    async () => {
      const { process, lines } = start(await freePort(), { bootstrap: () => '{"nonsense": 1}' })
      const waits = new Set<number>()
      await eventually(() => {
        if (process.state.kind === 'crashed') waits.add(process.state.retryInMilliseconds)
        expect([...waits]).toEqual([500, 1000])
      }, WITHIN_MS)
      expect(lines.some((line) => line.includes('"level":"error"') && line.includes("'nonsense'"))).toBe(true)
    },
    WITHIN_MS,
  )

  it('can be stopped while it waits to start again', async () => {
    const { process, stop, done } = start(await freePort(), { path: '/nonexistent/envoy' })
    await eventually(() => expect(process.state.kind).toBe('crashed'))
    stop.abort()
    await done
  })
})
