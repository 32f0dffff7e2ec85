/**
 * Instructions of a request, counted by valgrind's callgrind (Debian's package `valgrind`): the same however busy the machine is, and a
 * machine that is busy all the time can see a difference of a hundredth. What the kernel does is not in it.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const CONNECTIONS = 4
/** Until connections are open and everything is there that is made once. */
const WARM_UP_REQUESTS = 200

/** Programs that are run under callgrind, and where it writes. */
export interface Callgrind extends AsyncDisposable {
  /** What stands in front of the program. */
  readonly command: readonly string[]
  /** Instructions that the busiest thread of a program takes for one request, in the mean. Throws on any answer but 200. */
  instructionsPerRequest(
    program: { readonly pid: number; readonly port: number },
    hosts: readonly string[],
    requests: number,
  ): Promise<number>
}

/** Programs are slow under callgrind, so it starts to count when it is asked to. */
export async function callgrind(): Promise<Callgrind> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-callgrind-'))
  const command = [
    'valgrind',
    '--quiet',
    '--tool=callgrind',
    '--instr-atstart=no',
    '--separate-threads=yes',
    `--callgrind-out-file=${folder}/%p`,
  ]
  return {
    command,
    async instructionsPerRequest({ pid, port }, hosts, requests) {
      const control = (...args: readonly string[]) => run('callgrind_control', [...args, String(pid)])
      await control('--instr=on')
      await ask(port, hosts, WARM_UP_REQUESTS)
      await control('--zero')
      await ask(port, hosts, requests)
      await control('--dump')
      await control('--instr=off')
      return (await mostInstructions(folder, pid)) / requests
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Of the threads of a program, in the files of its first dump: the worker's, when the others have nothing to do. */
async function mostInstructions(folder: string, pid: number): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${pid}.1-`))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return Math.max(...texts.map((text) => Number(/^totals: (\d+)/m.exec(text)?.[1] ?? 0)))
}

/** Asks for `/` of these hosts in turn. */
async function ask(port: number, hosts: readonly string[], requests: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  let asked = 0
  const connection = async (): Promise<void> => {
    while (asked < requests) await askOnce(agent, port, hosts[asked++ % hosts.length] ?? '')
  }
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  } finally {
    agent.destroy()
  }
}

function askOnce(agent: Agent, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = get({ agent, host: '127.0.0.1', port, headers: { host } }, (response) => {
      response.resume()
      response.once('error', reject)
      response.once('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`${host} answered ${response.statusCode}`))
      })
    })
    sent.once('error', reject)
  })
}
