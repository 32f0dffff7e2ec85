/** Asks the API server's own code, built as a Go program, what it would do with an object. */
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { JsonObject } from '../../src/schema/json.js'

const repository = join(import.meta.dirname, '..', '..')

/** What the API server would do with an object. */
export interface ApiServerAnswer {
  /** The object with defaults and without unknown fields. */
  readonly object: JsonObject
  readonly errors: readonly { readonly field: string; readonly type: string; readonly detail: string }[]
  readonly unknown: readonly string[] | null
}

/** The API server's validation, running beside us. */
export class ApiServerOracle {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  /** Builds the program and starts it with these files of CRDs. */
  constructor(files: readonly string[]) {
    const program = join(repository, '.cache', 'api-server-validation')
    mkdirSync(join(repository, '.cache'), { recursive: true })
    execFileSync('go', ['build', '-o', program, '.'], { cwd: join(repository, 'conformance', 'validation'), stdio: 'inherit' })
    this.#process = spawn(program, [...files], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  /** What the API server says against the CRDs themselves. To be asked first, and once. */
  async complaints(): Promise<readonly string[]> {
    return JSON.parse(await this.#line()) as readonly string[]
  }

  /** What it would do with an object that is created. */
  async admit(kind: string, version: string, object: JsonObject): Promise<ApiServerAnswer> {
    this.#process.stdin.write(`${JSON.stringify({ kind, version, object })}\n`)
    return JSON.parse(await this.#line()) as ApiServerAnswer
  }

  /** Ends the program. */
  close(): void {
    this.#process.stdin.end()
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the validation program has ended: its own words stand above')
    return value
  }
}
