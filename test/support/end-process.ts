/** The end of a process that a test started. */
import type { ChildProcess } from 'node:child_process'

/** Ends it at once; resolves when it is gone, also when it was before. */
export function endProcess(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}
