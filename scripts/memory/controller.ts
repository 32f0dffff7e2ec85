/** The controller as a process of its own, started as its image starts it: the same program with the same flags, and a ServiceAccount. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubeCredentials } from '../../src/k8s/credentials.js'
import { freePort } from '../../test/support/free-port.js'
import { endProgram, startProgram } from '../../test/support/program.js'
import { pause, until } from '../bench-cluster/cluster.js'
import { NAMESPACE } from '../bench-cluster/manifests.js'
import { cpuUs } from '../data-path/cpu.js'
import { imageEntry } from '../lib/image-entry.js'

const REPOSITORY = join(import.meta.dirname, '..', '..')
/** Becomes the program with the folder of a ServiceAccount where pods have it, which nobody else sees. */
const AS_POD =
  'mount -t tmpfs none /run && mkdir -p /run/secrets/kubernetes.io && cp -r "$0" /run/secrets/kubernetes.io/serviceaccount && exec "$@"'
const READY_WITHIN_MS = 120_000
const ENDS_WITHIN_MS = 10_000
const SETTLED_WITHIN_MS = 120_000
/** It has settled when it used less of a processor than this in a span of this length. */
const SETTLED = { spanMs: 3_000, cpuMs: 60 }

/** Megabytes (1e6 bytes) of resident memory, as the kernel accounts for them. */
export interface Resident {
  readonly total: number
  /** Memory of its own: heap, stacks, buffers. */
  readonly anonymous: number
  /** Pages of files, which is the program `node`. */
  readonly file: number
  /** The largest total since the start. */
  readonly peak: number
}

/** A running controller. */
export interface Controller {
  readonly pid: number
  readonly xdsPort: number
  readonly startedAt: number
  resident(): Resident
  /** The time that all its threads together had a processor since it started, in microseconds. */
  processorUs(): number
  /** Resolves when it has read the cluster and is ready. */
  ready(): Promise<void>
  /** Resolves when it has nothing to do any more. */
  settled(): Promise<void>
  /** For how long the event loop was kept, since the last time that this was asked, or since the start. */
  longestTurns(): Promise<LongestTurns>
  stop(): Promise<void>
}

/** The longest times that an event loop was kept. */
export interface LongestTurns {
  /** The longest by the clock, in milliseconds. */
  readonly clockMs: number
  /** The longest on a processor, in milliseconds, and when after the start. The first of a start is the loading of the program. */
  readonly turns: readonly { readonly ms: number; readonly atMs: number }[]
}

/** How to start it. */
export interface ControllerOptions {
  readonly credentials: KubeCredentials
  /** Stand before the program, after those of the image. */
  readonly nodeFlags: readonly string[]
}

/** Starts it at an API server. */
export async function startController({ credentials, nodeFlags }: ControllerOptions): Promise<Controller> {
  const { command, variables } = imageEntry()
  const [xds, admin, health, metrics] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const { server, tls, headers } = await credentials.resolve()
  const account = mkdtempSync(join(tmpdir(), 'service-account-'))
  writeFileSync(join(account, 'token'), headers.authorization?.replace('Bearer ', '') ?? '')
  writeFileSync(join(account, 'ca.crt'), tls.ca ?? '')
  const longestTurn = join(account, 'longest-turn')
  const startedAt = performance.now()
  const child = startProgram(
    'unshare',
    [
      ...['--mount', 'sh', '-c', AS_POD, account, join(REPOSITORY, 'node_modules', 'node', 'bin', 'node')],
      ...command.slice(1, -1),
      ...nodeFlags,
      ...['--require', join(import.meta.dirname, 'longest-turn.cjs')],
      join(REPOSITORY, 'dist', 'headgate.mjs'),
      ...['--provider=kubernetes', `--namespace=${NAMESPACE}`, '--log-level=error', '--log-format=json'],
      ...[`--xds-address=127.0.0.1:${xds}`, `--admin-address=127.0.0.1:${admin}`],
      ...[`--health-address=127.0.0.1:${health}`, `--metrics-address=127.0.0.1:${metrics}`],
    ],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...variables,
        PATH: process.env.PATH,
        LONGEST_TURN_FILE: longestTurn,
        ...{ KUBERNETES_SERVICE_HOST: server.hostname, KUBERNETES_SERVICE_PORT: server.port },
        ...{ POD_NAME: 'headgate-0', POD_NAMESPACE: NAMESPACE, POD_IP: '127.0.0.1' },
      },
    },
  )
  const { pid } = child
  return {
    pid,
    xdsPort: xds,
    startedAt,
    resident: () => resident(pid),
    processorUs: () => cpuUs(pid),
    async ready() {
      const end = performance.now() + READY_WITHIN_MS
      while (!(await isReady(health))) {
        if (child.exitCode !== null || performance.now() > end) throw new Error('the controller did not become ready')
        await pause(20)
      }
    },
    async settled() {
      const end = performance.now() + SETTLED_WITHIN_MS
      for (let before = cpuUs(pid); ; ) {
        await pause(SETTLED.spanMs)
        const now = cpuUs(pid)
        if (now - before < SETTLED.cpuMs * 1_000 || performance.now() > end) return
        before = now
      }
    },
    async longestTurns() {
      rmSync(longestTurn, { force: true })
      child.kill('SIGUSR2')
      const text = await until('the longest turn of the event loop', async () =>
        existsSync(longestTurn) ? readFileSync(longestTurn, 'utf8') : undefined,
      )
      return JSON.parse(text) as LongestTurns
    },
    async stop() {
      await endProgram(child, ENDS_WITHIN_MS)
      rmSync(account, { recursive: true, force: true })
    },
  }
}

function resident(pid: number): Resident {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mb = (name: string): number => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024) / 1e6
  return { total: mb('VmRSS'), anonymous: mb('RssAnon'), file: mb('RssFile'), peak: mb('VmHWM') }
}

async function isReady(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok
  } catch {
    return false
  }
}
