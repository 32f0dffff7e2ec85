/** Programs that must not outlive the process that started them. */
import { existsSync } from 'node:fs'

/** A program and its arguments, as `spawn` takes them. */
export interface CommandLine {
  readonly command: string
  readonly args: readonly string[]
}

/**
 * Lets the kernel send a program this signal when we are gone, even killed without a chance to clean up. Linux alone can do that; elsewhere
 * the program runs as it is. The id of the process is the program's own.
 */
export function boundToUs(program: string, args: readonly string[], signal: 'TERM' | 'KILL'): CommandLine {
  const setpriv = process.platform === 'linux' ? ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path)) : undefined
  if (setpriv === undefined) return { command: program, args }
  return { command: setpriv, args: ['--pdeathsig', signal, '--', program, ...args] }
}
