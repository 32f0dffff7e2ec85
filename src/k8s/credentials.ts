/** Where the API server is and who we are there: kubeconfig files, in-cluster ServiceAccounts, exec plugins. */
import type http from 'node:http'
import type https from 'node:https'
import { isInPod, type Surroundings, serviceAccount, surroundings } from './service-account.js'
import type { TlsMaterial } from './transport.js'

/** Everything that a request needs beside its path. */
export interface ResolvedCredentials {
  readonly server: URL
  readonly tls: TlsMaterial
  /** Authorization and impersonation. */
  readonly headers: Readonly<Record<string, string>>
  /** Dials through the proxy that the kubeconfig names. */
  readonly proxyAgent?: http.Agent
  /** The namespace of the context or of the pod; undefined where none is said. */
  readonly namespace?: string
}

/** Knows the credentials of the moment. */
export interface KubeCredentials {
  /** The credentials as they are now; cheap, since every request asks. */
  resolve(): Promise<ResolvedCredentials>
  /** Forgets what was cached: the server refused it. */
  invalidate(): void
}

/** Which kubeconfig to read; neither means the usual places and, in a pod, the ServiceAccount. */
export interface KubeConfigSource {
  readonly kubeconfig?: string
  readonly context?: string
}

/** Tokens on disk are replaced long before they expire; asking the file more often than this gains nothing. */
const CACHE_MS = 10_000

/**
 * Credentials by `@kubernetes/client-node`, and in a pod without a kubeconfig those of its ServiceAccount. The package is imported by the
 * first use: it costs 20 megabytes, which only whoever has a kubeconfig should pay.
 *
 * @throws from `resolve` when no cluster or context can be found
 */
export function kubeConfigCredentials(source: KubeConfigSource = {}, around: Surroundings = surroundings()): KubeCredentials {
  let cached: { readonly credentials: Promise<ResolvedCredentials>; readonly sinceMs: number } | undefined
  let reader: ReturnType<typeof readerOf> | undefined
  return {
    resolve() {
      if (cached === undefined || performance.now() - cached.sinceMs > CACHE_MS) {
        reader ??= readerOf(source, around)
        cached = { credentials: reader.then((read) => read()), sinceMs: performance.now() }
        // A failure is not worth remembering: the file may be there the next time.
        cached.credentials.catch(() => {
          cached = undefined
          reader = undefined
        })
      }
      return cached.credentials
    },
    invalidate() {
      cached = undefined
      // The authenticators of client-node cache tokens themselves; a new configuration has none.
      reader = undefined
    },
  }
}

type Config = InstanceType<typeof import('./kube-config.js')['KubeConfig']>

async function readerOf(source: KubeConfigSource, around: Surroundings): Promise<() => Promise<ResolvedCredentials>> {
  if (source.kubeconfig === undefined && source.context === undefined && isInPod(around)) return () => serviceAccount(around)
  const config = await loadConfig(source)
  return () => resolveFrom(config)
}

async function loadConfig(source: KubeConfigSource): Promise<Config> {
  const { KubeConfig } = await import('./kube-config.js')
  const config = new KubeConfig()
  if (source.kubeconfig === undefined) config.loadFromDefault()
  else config.loadFromFile(source.kubeconfig)
  if (source.context !== undefined) config.setCurrentContext(source.context)
  if (config.getCurrentCluster() === null) {
    throw new Error(`the kubeconfig names no cluster for the context "${config.getCurrentContext()}": set --context or current-context`)
  }
  return config
}

async function resolveFrom(config: Config): Promise<ResolvedCredentials> {
  const options: https.RequestOptions = { headers: {} }
  await config.applyToHTTPSOptions(options)
  const cluster = config.getCurrentCluster()
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace
  const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value).trim()] as const)
  if (typeof options.auth === 'string') headers.push(['authorization', `Basic ${Buffer.from(options.auth).toString('base64')}`])
  const usesProxy = cluster?.proxyUrl !== undefined && cluster.proxyUrl !== ''
  return {
    server: new URL(cluster?.server ?? ''),
    tls: tlsMaterial(options),
    headers: Object.fromEntries(headers),
    ...(usesProxy && typeof options.agent === 'object' ? { proxyAgent: options.agent } : {}),
    ...(namespace === undefined ? {} : { namespace }),
  }
}

function tlsMaterial(options: https.RequestOptions): TlsMaterial {
  const pem = (value: unknown): Buffer | string | undefined => (Buffer.isBuffer(value) || typeof value === 'string' ? value : undefined)
  const material = { ca: pem(options.ca), cert: pem(options.cert), key: pem(options.key), servername: options.servername }
  const present = Object.entries(material).filter(([, value]) => value !== undefined)
  return {
    ...Object.fromEntries(present),
    ...(options.rejectUnauthorized === undefined ? {} : { rejectUnauthorized: options.rejectUnauthorized }),
  }
}

/** True if a connection made with one is good for the other. */
export function sameConnection(a: ResolvedCredentials, b: ResolvedCredentials): boolean {
  const same = (x: Buffer | string | undefined, y: Buffer | string | undefined): boolean => String(x) === String(y)
  return (
    a.server.href === b.server.href &&
    a.tls.servername === b.tls.servername &&
    a.tls.rejectUnauthorized === b.tls.rejectUnauthorized &&
    same(a.tls.ca, b.tls.ca) &&
    same(a.tls.cert, b.tls.cert) &&
    same(a.tls.key, b.tls.key)
  )
}
