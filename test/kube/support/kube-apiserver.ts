/** A real kube-apiserver with its etcd, on loopback: for what a fake cannot know, such as schemas, apply and permissions. */
import { type ChildProcess, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeCredentials } from '../../../src/k8s/credentials.js'
import { KubeClient } from '../../../src/k8s/kube-client.js'
import { hasStatus } from '../../../src/k8s/kube-error.js'
import type { JsonObject } from '../../../src/k8s/kube-json.js'
import { freePort } from '../../support/free-port.js'
import { gatewayApiCrds } from '../../support/gateway-api-module.js'
import { endProgram, startProgram } from '../../support/program.js'

/** The programs come with `npm run cluster up`. */
const PROGRAMS = join(process.env.HEADGATE_CACHE ?? join(homedir(), '.cache', 'headgate'), 'bin')

const ENDS_WITHIN_MS = 5_000

/** Whether the oldest Kubernetes was asked for that Headgate is for, and not the newest. */
export const isOldestKubernetes: boolean = process.env.HEADGATE_KUBERNETES === 'oldest'

const GATEWAY_GROUP = 'gateway.networking.k8s.io'

/** The newest serves ClusterTrustBundles unasked. */
const TRUST_BUNDLES = [
  '--feature-gates',
  'ClusterTrustBundle=true',
  '--runtime-config',
  'certificates.k8s.io/v1alpha1/clustertrustbundles=true',
]

/** A running API server. */
export interface KubeApiServer {
  /** A client that may do everything. */
  readonly admin: KubeClient
  /** Another client under a user name that has no rights but those that a test grants. */
  client(user: 'admin' | 'limited'): KubeClient
  readonly credentials: (user: 'admin' | 'limited') => KubeCredentials
  /** A kubeconfig file of the user who may do everything. */
  readonly kubeconfig: string
  /** Stops and starts the API server on the same port and data; it is away for so long in between. */
  restart(awayMs?: number): Promise<void>
  /** Copies what etcd has, and brings it back when it is called: everything since is as if it had never been. The API server is away meanwhile. */
  backUp(): Promise<() => Promise<void>>
  stop(): Promise<void>
}

/** Starts etcd and kube-apiserver; takes some seconds. */
export async function startKubeApiServer(): Promise<KubeApiServer> {
  for (const program of ['etcd', 'kube-apiserver']) {
    if (!existsSync(join(PROGRAMS, program))) throw new Error(`no ${program} in ${PROGRAMS}: run \`npm run cluster up\` once`)
  }
  const folder = mkdtempSync(join(tmpdir(), 'kube-api-'))
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()]
  execFileSync('openssl', ['genrsa', '-out', 'sa.key', '2048'], { cwd: folder, stdio: 'ignore' })
  writeFileSync(join(folder, 'tokens.csv'), 'admin-token,admin,1,"system:masters"\nlimited-token,limited,2\n')
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const data = join(folder, 'etcd')
  const startEtcd = (): ChildProcess =>
    run(folder, 'etcd', join(PROGRAMS, 'etcd'), [
      ...['--data-dir', data, '--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
      ...['--listen-peer-urls', `http://127.0.0.1:${peerPort}`, '--unsafe-no-fsync'],
    ])
  let etcd = startEtcd()
  const startApi = (): ChildProcess =>
    run(folder, 'kube-apiserver', join(PROGRAMS, 'kube-apiserver'), [
      ...['--etcd-servers', etcdUrl, '--bind-address', '127.0.0.1', '--advertise-address', '127.0.0.1', '--secure-port', String(port)],
      ...['--cert-dir', join(folder, 'certs'), '--token-auth-file', join(folder, 'tokens.csv'), '--authorization-mode', 'RBAC'],
      ...['--service-account-key-file', join(folder, 'sa.key'), '--service-account-signing-key-file', join(folder, 'sa.key')],
      ...['--service-account-issuer', 'https://kubernetes.default.svc', '--service-cluster-ip-range', '10.96.0.0/16,fd96::/108'],
      ...['--disable-admission-plugins', 'ServiceAccount', '--endpoint-reconciler-type', 'none', '--allow-privileged'],
      ...(isOldestKubernetes ? TRUST_BUNDLES : []),
    ])
  let api = startApi()
  const credentials = (user: string): KubeCredentials => ({
    resolve: async () => ({
      server: new URL(`https://127.0.0.1:${port}`),
      tls: { ca: readFileSync(join(folder, 'certs', 'apiserver.crt')) },
      headers: { authorization: `Bearer ${user}-token` },
    }),
    invalidate: () => undefined,
  })
  const whileAway = async (work: () => void): Promise<void> => {
    await endProgram(api, ENDS_WITHIN_MS)
    await endProgram(etcd, ENDS_WITHIN_MS)
    work()
    etcd = startEtcd()
    api = startApi()
    await ready(admin, folder)
    // Paths of CRDs come last.
    await retrying(() => admin.json({ path: `/apis/${GATEWAY_GROUP}/v1/gateways` }, AbortSignal.timeout(5_000)).catch(unlessAbsent))
  }
  let backups = 0
  const clients: KubeClient[] = []
  const client = (user: string): KubeClient => {
    const made = new KubeClient(credentials(user), 'headgate-test')
    clients.push(made)
    return made
  }
  const admin = client('admin')
  await ready(admin, folder)
  return {
    admin,
    client,
    credentials,
    kubeconfig: writeKubeconfig(folder, port),
    restart: async (awayMs = 0) => {
      await endProgram(api, ENDS_WITHIN_MS)
      await sleep(awayMs)
      api = startApi()
      await ready(admin, folder)
    },
    backUp: async () => {
      const backup = join(folder, `backup-${++backups}`)
      await whileAway(() => cpSync(data, backup, { recursive: true }))
      return () =>
        whileAway(() => {
          rmSync(data, { recursive: true })
          cpSync(backup, data, { recursive: true })
        })
    },
    stop: async () => {
      for (const each of clients) each.close()
      await endProgram(api, ENDS_WITHIN_MS)
      await endProgram(etcd, ENDS_WITHIN_MS)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Installs the CRDs of Gateway API and waits until they are served. */
export async function installGatewayApi(admin: KubeClient, channel: 'standard' | 'experimental', kinds?: readonly string[]): Promise<void> {
  const signal = AbortSignal.timeout(60_000)
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  const crds = [...gatewayApiCrds(channel)].filter(([kind]) => kinds === undefined || kinds.includes(kind)).map(([, crd]) => crd)
  await Promise.all(crds.map((crd) => admin.json({ method: 'POST', path, body: crd }, signal)))
  for (const crd of crds) {
    const version = crd.spec.versions.find(({ served }) => served)?.name
    await retrying(() => admin.json({ path: `/apis/${crd.spec.group}/${version}/${crd.spec.names.plural}` }, signal))
  }
}

/** Creates an object at the path of its collection. */
export function create(client: KubeClient, path: string, body: JsonObject): Promise<JsonObject> {
  return client.json({ method: 'POST', path, body }, AbortSignal.timeout(10_000))
}

function writeKubeconfig(folder: string, port: number): string {
  const file = join(folder, 'kubeconfig')
  const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority': join(folder, 'certs', 'apiserver.crt') }
  const config = {
    'current-context': 'test',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'admin', user: { token: 'admin-token' } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

async function ready(admin: KubeClient, folder: string): Promise<void> {
  try {
    await retrying(() => admin.json({ path: '/api/v1/namespaces/default' }, AbortSignal.timeout(5_000)))
  } catch (error) {
    throw new Error(
      `kube-apiserver did not become ready; its last words:\n${readFileSync(join(folder, 'kube-apiserver.log'), 'utf8').slice(-2_000)}`,
      {
        cause: error,
      },
    )
  }
}

/** A server that has just started answers 503 for what it will know, and 404 for what there is none of. */
function unlessAbsent(error: unknown): void {
  if (!hasStatus(error, 404)) throw error
}

async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= 300) throw error
      await sleep(200)
    }
  }
}

function run(folder: string, name: string, program: string, args: readonly string[]): ChildProcess {
  const log = openSync(join(folder, `${name}.log`), 'a')
  return startProgram(program, args, { stdio: ['ignore', log, log] })
}
