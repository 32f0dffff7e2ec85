/**
 * The standard output of an Envoy of ours, which is where its access logs go.
 *
 * It is a pipe with a name: Envoy opens `/dev/stdout` anew for each log, and that fails for the sockets that Node makes as pipes.
 */
import { execFile } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** How long what an Envoy has written is waited for when it has ended. */
const REST_MILLISECONDS = 1_000

/** Both ends of a pipe. */
export interface EnvoyOutput {
  /** The end for the program, for as long as `given` was not called. */
  readonly descriptor: number
  /** The program has its end: ours goes, so that the end of the program is the end of its output. */
  given(): void
  /** Waits until everything that the program wrote was handed on, a second at most. */
  end(): Promise<void>
}

/**
 * Opens a pipe of this name, which is gone when it is open.
 *
 * @param onBytes is told what comes out, as it comes: lines may be cut anywhere
 * @throws Error where the system has no such pipes
 */
export async function openEnvoyOutput(path: string, onBytes: (bytes: Buffer) => void): Promise<EnvoyOutput> {
  await promisify(execFile)('mkfifo', ['-m', '600', path])
  // Each waits for the other one to be opened, unless it is told not to.
  const output = new Socket({ fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false })
  const descriptor = openSync(path, constants.O_WRONLY)
  await rm(path)
  const closed = new Promise<void>((resolve) => output.once('close', () => resolve()))
  output.on('data', onBytes).on('error', () => {})
  return {
    descriptor,
    given: () => closeSync(descriptor),
    end: async () => {
      const patience = new AbortController()
      await Promise.race([closed, sleep(REST_MILLISECONDS, undefined, { signal: patience.signal }).catch(() => {})])
      patience.abort()
      output.destroy()
    },
  }
}
