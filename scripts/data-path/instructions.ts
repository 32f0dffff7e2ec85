/**
 * Instructions of a request, counted by valgrind's callgrind (Debian's package `valgrind`): the same however busy the machine is, and a
 * machine that is busy all the time can see a difference of a hundredth. What the kernel does is not in it.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
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
    name: string,
    program: { readonly pid: number; readonly port: number },
    hosts: readonly string[],
    requests: number,
  ): Promise<number>
}

/**
 * Programs are slow under callgrind, so it starts to count when it is asked to.
 *
 * @param keptIn a folder for the counts of each function of the busiest thread, as NAME.callgrind; undefined: they are not kept
 */
export async function callgrind(keptIn?: string): Promise<Callgrind> {
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
    async instructionsPerRequest(name, { pid, port }, hosts, requests) {
      const control = (...args: readonly string[]) => run('callgrind_control', [...args, String(pid)])
      await control('--instr=on')
      await ask(port, hosts, WARM_UP_REQUESTS)
      await control('--zero')
      await ask(port, hosts, requests)
      await control('--dump')
      await control('--instr=off')
      const busiest = await busiestThread(folder, pid)
      if (keptIn !== undefined) {
        await mkdir(keptIn, { recursive: true })
        await writeFile(join(keptIn, `${name}.callgrind`), busiest.profile)
      }
      return busiest.instructions / requests
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Of the threads of a program, in the files of its first dump: the worker, when the others have nothing to do. */
async function busiestThread(folder: string, pid: number): Promise<{ readonly profile: string; readonly instructions: number }> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${pid}.1-`))
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  const threads = texts.map((profile) => ({ profile, instructions: Number(/^totals: (\d+)/m.exec(profile)?.[1] ?? 0) }))
  const busiest = threads.toSorted((a, b) => b.instructions - a.instructions)[0]
  if (busiest === undefined) throw new Error(`callgrind wrote nothing about process ${pid}`)
  return busiest
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
