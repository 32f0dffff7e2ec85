/** Time on a processor: what a program needs, however busy the machine is with others. */
import { readdirSync, readFileSync } from 'node:fs'

/** Microseconds that all threads of a process have run. Linux only. */
export function cpuUs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  const ns = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]))
  return ns.reduce((sum, each) => sum + each, 0) / 1_000
}
