/** Programs that tests and benchmarks start. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { boundToUs } from '../../src/infra/host/bound-to-us.js'

/**
 * Starts a program that ends with this process, however that ends: Ctrl-C, `kill`, a fault. Jest's handlers of signals do not run in tests,
 * so it is left to the kernel, where it can.
 */
export function startProgram(
  program: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess & { readonly pid: number } {
  const bound = boundToUs(program, args, 'KILL')
  const child = spawn(bound.command, bound.args, options)
  if (child.pid === undefined) throw new Error(`cannot run ${bound.command}`)
  return Object.assign(child, { pid: child.pid })
}

/** Ends it, at once or when it has had this time to end by itself. Resolves when it is gone, also when it was before. */
export function endProgram(child: ChildProcess, politelyForMs = 0): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const patience = politelyForMs === 0 ? undefined : setTimeout(() => child.kill('SIGKILL'), politelyForMs)
    child.once('exit', () => {
      clearTimeout(patience)
      resolve()
    })
    child.kill(politelyForMs === 0 ? 'SIGKILL' : 'SIGTERM')
  })
}
