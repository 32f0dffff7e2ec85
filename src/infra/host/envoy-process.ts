/** Runs Envoy on this machine: starts it, starts it again when it crashed, drains and ends it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { withAllocatorCaches } from '../../../envoy/allocator-caches.js'
import { ADMIN_SOCKET } from '../../ir/admin-socket.js'
import type { Logger, LogLevel } from '../../telemetry/logger.js'
import { boundToUs, type CommandLine } from './bound-to-us.js'
import { askEnvoy, openClientConnections } from './envoy-admin.js'
import { envoyLogLevel, readEnvoyLogLine } from './envoy-log.js'
import { type EnvoyOutput, openEnvoyOutput } from './envoy-output.js'

/** What to run and how. */
export interface EnvoyProcessOptions {
  /** The binary, from `findEnvoy`. */
  readonly path: string
  /** Writes the bootstrap for an admin socket that the process chooses. */
  readonly bootstrap: (paths: { readonly adminSocketPath: string }) => string
  readonly logger: Logger
  readonly logLevel: LogLevel
  /** Is told what Envoy writes to its standard output, such as access logs: lines may be cut anywhere. Default: it is dropped. */
  readonly onOutput?: (bytes: Buffer) => void
  /** How long open connections may stay when the process is stopped. Default 5 s. */
  readonly drainMilliseconds?: number
  /** Worker threads; default: one per core. */
  readonly concurrency?: number
}

/** Where the process is in its life. */
export type EnvoyProcessState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'running'; readonly pid: number; readonly adminSocketPath: string }
  | { readonly kind: 'crashed'; readonly retryInMilliseconds: number }
  | { readonly kind: 'draining' }

const FIRST_BACKOFF_MILLISECONDS = 500
const LONGEST_BACKOFF_MILLISECONDS = 30_000
/** An Envoy that ran this long was healthy: its crash is the first of a new series. */
const HEALTHY_AFTER_MILLISECONDS = 60_000
const DRAIN_POLL_MILLISECONDS = 50
const KILL_AFTER_MILLISECONDS = 5_000
/** How long lines of access logs may wait to be written together: somebody looks on, and Envoy's own 10 s are long then. */
const FLUSH_MILLISECONDS = 500

/** What one run of Envoy works with. */
interface RunOptions {
  readonly bootstrapFile: string
  readonly adminSocketPath: string
  readonly output: EnvoyOutput | undefined
}

/** One Envoy, kept running until its signal aborts. */
export class EnvoyProcess {
  readonly #options: EnvoyProcessOptions
  readonly #logger: Logger
  #state: EnvoyProcessState = { kind: 'stopped' }

  constructor(options: EnvoyProcessOptions) {
    this.#options = options
    this.#logger = options.logger.child({ component: 'envoy' })
  }

  /** Where the process is in its life. */
  get state(): EnvoyProcessState {
    return this.#state
  }

  /** Runs until the signal aborts and resolves when Envoy has drained and ended and its files are gone. */
  async start(signal: AbortSignal): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'headgate-envoy-'))
    try {
      const adminSocketPath = join(folder, ADMIN_SOCKET)
      const bootstrapFile = join(folder, 'bootstrap.json')
      await writeFile(bootstrapFile, this.#options.bootstrap({ adminSocketPath }), { mode: 0o600 })
      let backoff = FIRST_BACKOFF_MILLISECONDS
      while (!signal.aborted) {
        const began = performance.now()
        const output = await this.#openOutput(join(folder, 'output'))
        await this.#runOnce({ bootstrapFile, adminSocketPath, output }, signal)
        await output?.end()
        if (signal.aborted) break
        if (performance.now() - began > HEALTHY_AFTER_MILLISECONDS) backoff = FIRST_BACKOFF_MILLISECONDS
        this.#state = { kind: 'crashed', retryInMilliseconds: backoff }
        await sleep(backoff, undefined, { signal }).catch(() => {})
        backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MILLISECONDS)
      }
    } finally {
      this.#state = { kind: 'stopped' }
      await rm(folder, { recursive: true, force: true })
    }
  }

  async #openOutput(path: string): Promise<EnvoyOutput | undefined> {
    const { onOutput } = this.#options
    if (onOutput === undefined) return undefined
    return openEnvoyOutput(path, onOutput).catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'what Envoy writes to its standard output, such as access logs, is lost')
      return undefined
    })
  }

  async #runOnce({ bootstrapFile, adminSocketPath, output }: RunOptions, signal: AbortSignal): Promise<void> {
    const { command, args } = commandLine(this.#options, bootstrapFile)
    // In a process group of its own: Ctrl-C in the terminal must reach us alone, so that Envoy drains before it ends.
    const child = spawn(command, args, {
      detached: true,
      env: withAllocatorCaches(process.platform, release(), process.env),
      stdio: ['ignore', output?.descriptor ?? 'ignore', 'pipe'],
    })
    output?.given()
    const ended = endOf(child)
    if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', (line) => this.#log(line))
    if (child.pid !== undefined) this.#state = { kind: 'running', pid: child.pid, adminSocketPath }
    const stop = new AbortController()
    const stopping = onceAborted(AbortSignal.any([signal, stop.signal])).then(async () => {
      if (!stop.signal.aborted) await this.#stop(child, adminSocketPath, ended)
    })
    const how = await ended
    stop.abort()
    await stopping
    if (!signal.aborted) this.#logger.error(`Envoy ended: ${how}. It is started again.`)
  }

  async #stop(child: ChildProcess, adminSocketPath: string, ended: Promise<string>): Promise<void> {
    this.#state = { kind: 'draining' }
    await this.#drain(adminSocketPath)
    child.kill('SIGTERM')
    const patience = new AbortController()
    const killed = sleep(KILL_AFTER_MILLISECONDS, undefined, { signal: patience.signal }).then(
      () => void child.kill('SIGKILL'),
      () => {},
    )
    await ended
    patience.abort()
    await killed
  }

  /** Asks clients to leave and waits until none is left or the time is up. An Envoy that does not answer has nothing to drain. */
  async #drain(adminSocketPath: string): Promise<void> {
    const deadline = performance.now() + (this.#options.drainMilliseconds ?? 5_000)
    try {
      await askEnvoy(adminSocketPath, 'POST', '/healthcheck/fail')
      await askEnvoy(adminSocketPath, 'POST', '/drain_listeners?graceful&skip_exit')
      while ((await openClientConnections(adminSocketPath)) > 0 && performance.now() < deadline) await sleep(DRAIN_POLL_MILLISECONDS)
    } catch (error) {
      this.#logger.debug({ err: error }, 'Envoy does not drain')
    }
  }

  #log(line: string): void {
    const { level, logger, message } = readEnvoyLogLine(line)
    // That it was told to end and lost its control plane is no news while it is stopped.
    const isExpected = this.#state.kind === 'draining' && level === 'warn'
    this.#logger[isExpected ? 'debug' : level]({ logger }, message)
  }
}

function commandLine(options: EnvoyProcessOptions, bootstrapFile: string): CommandLine {
  const envoy = [
    ...['--config-path', bootstrapFile],
    '--disable-hot-restart',
    ...['--drain-strategy', 'immediate'],
    ...['--file-flush-interval-msec', String(FLUSH_MILLISECONDS)],
    ...['--log-level', envoyLogLevel(options.logLevel)],
    ...(options.concurrency === undefined ? [] : ['--concurrency', String(options.concurrency)]),
  ]
  return boundToUs(options.path, envoy, 'TERM')
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(signal === null ? `exit code ${code}` : signal))
  })
}

function onceAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
