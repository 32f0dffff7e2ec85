/** What Kubernetes gives every pod that wants to talk to the API server: its address, an authority to trust, and a token of who the pod is. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'

/** Where a program looks for credentials. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** The folder of the ServiceAccount. */
  readonly folder: string
}

/** Those of this process. */
export function surroundings(): Surroundings {
  return { env: process.env, home: homedir(), folder: FOLDER }
}

/** True in a pod without a kubeconfig: there is nothing to choose from. The order is that of kubectl. */
export function isInPod({ env, home, folder }: Surroundings): boolean {
  const isNamed = (env.KUBECONFIG ?? '').split(delimiter).some((file) => file !== '')
  return !isNamed && !existsSync(join(home, '.kube', 'config')) && Boolean(env.KUBERNETES_SERVICE_HOST) && existsSync(join(folder, 'token'))
}

/** What a pod needs for a request. */
export interface ServiceAccount {
  readonly server: URL
  readonly tls: { readonly ca: string }
  readonly headers: { readonly authorization: string }
  /** That of the pod. */
  readonly namespace?: string
}

/** The credentials of now: Kubernetes renews the token in its file. Throws what keeps the files from being read. */
export async function serviceAccount({ env, folder }: Surroundings): Promise<ServiceAccount> {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8')
  const [token, ca, namespace] = await Promise.all([read('token'), read('ca.crt'), read('namespace').catch(() => undefined)])
  return {
    server: new URL(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    tls: { ca },
    headers: { authorization: `Bearer ${token.trim()}` },
    ...(namespace === undefined ? {} : { namespace: namespace.trim() }),
  }
}
