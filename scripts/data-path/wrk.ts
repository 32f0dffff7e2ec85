/** The load generator wrk (Debian's package `wrk`): one thread, connections that are kept, as many requests as the proxy answers. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CONNECTIONS = 16
const TIME_UNITS_US: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000 }

/** What one run saw. */
export interface WrkResult {
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p99Us: number
}

/** Asks for `/` of these hosts in turn. Throws on any answer but 2xx and 3xx, and when wrk is missing. */
export async function runWrk(port: number, hosts: readonly string[], seconds: number, cpu: number | undefined): Promise<WrkResult> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-wrk-'))
  try {
    const script = join(folder, 'hosts.lua')
    await writeFile(script, hostsScript(hosts))
    const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', '-s', script, `http://127.0.0.1:${port}/`]
    const pinned = cpu === undefined ? ['wrk', ...args] : ['taskset', '-c', String(cpu), 'wrk', ...args]
    const [program = '', ...programArgs] = pinned
    const { stdout } = await run(program, programArgs).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      throw new Error('wrk and taskset are needed: apt-get install wrk util-linux')
    })
    if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(stdout)
    const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s)/.exec(stdout) ?? []
    return {
      requests: Number(/(\d+) requests in/.exec(stdout)?.[1]),
      requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
      p99Us: Number(p99) * (TIME_UNITS_US[unit ?? ''] ?? Number.NaN),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Requests are put together once: a script that did it each time would be what is measured. */
function hostsScript(hosts: readonly string[]): string {
  return `
local hosts = {${hosts.map((host) => JSON.stringify(host)).join(', ')}}
local requests, at = {}, 0
init = function(args)
  for i, host in ipairs(hosts) do requests[i] = wrk.format("GET", "/", {Host = host}) end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
`
}
