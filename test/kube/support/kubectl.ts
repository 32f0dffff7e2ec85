/** kubectl against an API server of a test. */
import { execFile } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { KubeApiServer } from './kube-apiserver.js'

const KUBECTL = join(process.env.HEADGATE_CACHE ?? join(homedir(), '.cache', 'headgate'), 'bin', 'kubectl')

/** Runs kubectl as the user who may do everything; resolves with its output, rejects with its complaints. */
export async function kubectl({ kubeconfig }: KubeApiServer, args: readonly string[], input = ''): Promise<string> {
  const running = promisify(execFile)(KUBECTL, [...args], {
    env: { ...process.env, KUBECONFIG: kubeconfig },
    maxBuffer: 64 * 1024 * 1024,
  })
  running.child.stdin?.end(input)
  return (await running).stdout
}
