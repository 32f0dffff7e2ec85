/** The cluster as its operator sees it: kubectl and helm. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** The folder of the chart. */
export const CHART: string = join(import.meta.dirname, '..', '..', '..', 'charts', 'headgate')

/** A value that the runner of these tests hands over in the environment. */
export function fromRunner(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`$${name} is missing: run these tests with \`npm run end-to-end\``)
  return value
}

/** Runs kubectl. Rejects with its standard error. */
export async function kubectl(...args: readonly string[]): Promise<string> {
  return (await run('kubectl', [...args], { maxBuffer: MAX_OUTPUT_BYTES })).stdout
}

/** Runs kubectl and reads its JSON, which the caller describes. */
export async function kubectlJson<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl(...args, '--output', 'json')) as T
}

/** Applies manifests in YAML. */
export async function apply(yaml: string): Promise<void> {
  const child = run('kubectl', ['apply', '--filename', '-'])
  // What begins with a brace is JSON to the kubectl of Kubernetes 1.32.
  child.child.stdin?.end(`---\n${yaml}`)
  await child
}

/** Runs Helm. Rejects with its standard error. */
export async function helm(...args: readonly string[]): Promise<string> {
  return (await run(fromRunner('HELM_BIN'), [...args], { maxBuffer: MAX_OUTPUT_BYTES })).stdout
}

/** Conditions of a status, as `Type=Status`. */
export function conditionsOf(object: { readonly status?: { readonly conditions?: readonly Condition[] } }): readonly string[] {
  return (object.status?.conditions ?? []).map(({ type, status }) => `${type}=${status}`)
}

/** A condition, as far as tests look at it. */
export interface Condition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
  readonly lastTransitionTime: string
}

/** A Gateway, as far as tests look at it. */
export interface Gateway {
  readonly status?: { readonly conditions?: readonly Condition[]; readonly addresses?: readonly { readonly value: string }[] }
}

/** Objects of a list. */
export interface List<T> {
  readonly items: readonly T[]
}
