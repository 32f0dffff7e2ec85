/** Runs a program with our standard streams and hands signals on to it. */
import { type SpawnOptions, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'

const repository = join(import.meta.dirname, '..', '..')

/** The exit code; 128 + n when signal n ended it, as shells count. Rejects when the program cannot be started. */
export function runToEnd(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: repository, stdio: 'inherit', ...options })
    const forward = (signal: NodeJS.Signals): void => void child.kill(signal)
    const stopForwarding = (): void => void process.off('SIGINT', forward).off('SIGTERM', forward)
    process.on('SIGINT', forward).on('SIGTERM', forward)
    child.on('error', (cause) => {
      stopForwarding()
      reject(new Error(`cannot run ${command}`, { cause }))
    })
    child.on('close', (code, signal) => {
      stopForwarding()
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal])
    })
  })
}
