/**
 * Names of clusters: the backend, how it is spoken to, and for whom. They say everything that a cluster is made from, so that they stay the
 * same while settings change, and a cluster can be made from its name alone.
 *
 * `<Kind>/<namespace>/<name>[/<port>][/<usage>][@<namespace>/<gateway>][~<namespace>/<policy>[+<namespace>/<policy>...]...]`
 */
import { type ObjectKey, objectKey } from '../../util/object-ref.js'
import { type BackendKey, type BackendRef, backendKey, parseBackendKey } from './backend-key.js'

/**
 * What a cluster is used for. `http` (not written): HTTP as the backend says. `grpc`: HTTP/2 in any case. `mirror` and `grpc-mirror`: copies
 * of these, which wait for nobody. `tcp`: bytes, over TLS where a policy asks for it. `passthrough`: bytes that are TLS already. `udp`: datagrams.
 */
export type ClusterUsage = HttpUsage | 'tcp' | 'passthrough' | 'udp'

/** What clusters are used for that take requests. */
export type HttpUsage = RequestUsage | keyof typeof COPIES_OF

/** What clusters are used for that take requests whose answers somebody waits for. */
export type RequestUsage = 'http' | 'grpc'

const COPIES_OF = { mirror: 'http', 'grpc-mirror': 'grpc' } as const

const WRITTEN_USAGES: readonly ClusterUsage[] = ['grpc', 'mirror', 'grpc-mirror', 'tcp', 'passthrough', 'udp']

/** Where copies of requests go. */
export function mirrorUsage(usage: RequestUsage): HttpUsage {
  return usage === 'http' ? 'mirror' : 'grpc-mirror'
}

/** True where copies of requests go. */
export function isMirror(usage: ClusterUsage): usage is keyof typeof COPIES_OF {
  return Object.hasOwn(COPIES_OF, usage)
}

/** How requests are spoken there; undefined where something else than requests goes. */
export function requestUsage(usage: ClusterUsage): RequestUsage | undefined {
  if (isMirror(usage)) return COPIES_OF[usage]
  return usage === 'http' || usage === 'grpc' ? usage : undefined
}

/**
 * The BackendTrafficPolicies that make a cluster different from the plain one, without those about the backend itself: the widest first,
 * those about one thing together.
 */
export type ClusterPolicies = readonly (readonly ObjectKey[])[]

/** What the name of a cluster says. */
export interface ClusterIdentity {
  readonly backend: BackendRef
  readonly usage: ClusterUsage
  /** The gateway whose certificate is shown to the backend. */
  readonly gateway: ObjectKey | undefined
  readonly policies: ClusterPolicies
}

/** The name of a cluster. */
export function clusterName({ backend, usage, gateway, policies }: ClusterIdentity): string {
  const key = backendKey({ ...backend, transport: 'TCP' })
  const layers = policies.map((layer) => `~${layer.join('+')}`).join('')
  return `${key}${usage === 'http' ? '' : `/${usage}`}${gateway === undefined ? '' : `@${gateway}`}${layers}`
}

/** What a name says; undefined for text that is no name of ours. */
export function parseClusterName(name: string): (ClusterIdentity & { readonly key: BackendKey }) | undefined {
  const layers = name.split('~')
  const parts = (layers[0] ?? '').split('@')
  const path = parts[0] ?? ''
  // The name of an object may be a word of ours, so only what stands behind it is a usage.
  const words = path.split('/')
  const usage = (words.length > 3 ? WRITTEN_USAGES.find((each) => each === words.at(-1)) : undefined) ?? 'http'
  const backend = parseBackendKey(usage === 'http' ? path : path.slice(0, -usage.length - 1))
  if (backend === undefined) return undefined
  const ref: BackendRef = { ...backend, transport: usage === 'udp' ? 'UDP' : 'TCP' }
  return { backend: ref, key: backendKey(ref), usage, gateway: parts[1] as ObjectKey | undefined, policies: layers.slice(1).map(keysOf) }
}

function keysOf(layer: string): readonly ObjectKey[] {
  return layer.split('+').map((key) => {
    const [namespace = '', name = ''] = key.split('/')
    return objectKey(namespace, name)
  })
}
