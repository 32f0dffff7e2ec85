/** Runs Helm on our chart: `$HELM_BIN`, or the version that `conformance/helm.sh` builds into the cache. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'

const repository = join(import.meta.dirname, '..', '..')

/** The folder of the chart. */
export const CHART: string = join(repository, 'charts', 'headgate')

/** Long enough to build Helm on a slow machine, once. */
export const BUILD_TIMEOUT_MS = 600_000

/** An object of Kubernetes, as far as tests look into it. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly rules?: readonly {
    readonly apiGroups: readonly string[]
    readonly resources: readonly string[]
    readonly verbs: readonly string[]
    readonly resourceNames?: readonly string[]
  }[]
  readonly spec?: Readonly<Record<string, unknown>>
  readonly data?: Readonly<Record<string, string>>
}

/** Helm as a command. Rejects with what Helm wrote to its standard error. */
export class Helm {
  readonly #path: string

  private constructor(path: string) {
    this.#path = path
  }

  static async find(): Promise<Helm> {
    const chosen = process.env.HELM_BIN
    if (chosen !== undefined && chosen !== '') return new Helm(chosen)
    const { stdout } = await promisify(execFile)('bash', [join(repository, 'conformance', 'helm.sh')])
    return new Helm(stdout.trim())
  }

  async run(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(this.#path, [...args], { maxBuffer: 32 * 1024 * 1024 })
    return stdout
  }

  /** The manifests of the chart as text, for a release `headgate` in `headgate-system`. */
  render(...args: readonly string[]): Promise<string> {
    return this.run('template', 'headgate', CHART, '--namespace', 'headgate-system', ...args)
  }

  /** The manifests of the chart as objects. */
  async objects(...args: readonly string[]): Promise<readonly Manifest[]> {
    const documents = parseAllDocuments(await this.render(...args))
    return documents.map((document): Manifest | null => document.toJS()).filter((object) => object !== null)
  }
}
