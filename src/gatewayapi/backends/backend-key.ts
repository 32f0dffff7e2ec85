/** Keys of backends, the same in the graph and in the names of clusters. */
import { inOrder } from '../../util/in-order.js'
import type { ObjectRef } from '../../util/object-ref.js'

/** Kinds of backends that we know, by their group. */
const GROUPS = {
  Service: '',
  ServiceImport: 'multicluster.x-k8s.io',
  Backend: 'headgate.dev',
  XBackend: 'gateway.networking.x-k8s.io',
} as const

/** Kinds of backends that we know. */
export type BackendKind = keyof typeof GROUPS

/** A backend that something refers to: an object, and a port where the kind has ports to choose from. */
export interface BackendRef {
  readonly kind: BackendKind
  readonly namespace: string
  readonly name: string
  /** Only for Services and ServiceImports. */
  readonly port: number | undefined
  /** A Service may have the same port for both. */
  readonly transport: 'TCP' | 'UDP'
}

/** `<Kind>/<namespace>/<name>`, then `/<port>` for kinds with ports, then `/udp` for datagrams. */
export type BackendKey = string & { readonly brand: 'BackendKey' }

/** The kind of a backend from the group and kind of a reference; undefined for those that we do not know. */
export function backendKind(group: string, kind: string): BackendKind | undefined {
  return isBackendKind(kind) && GROUPS[kind] === group ? kind : undefined
}

/** The key of a backend. */
export function backendKey(ref: BackendRef): BackendKey {
  const port = ref.port === undefined ? '' : `/${ref.port}`
  return `${ref.kind}/${ref.namespace}/${ref.name}${port}${ref.transport === 'UDP' ? '/udp' : ''}` as BackendKey
}

/** The backend of a key; undefined for text that is none. */
export function parseBackendKey(key: string): BackendRef | undefined {
  const words = key.split('/')
  const [kind = '', namespace, name, port] = words
  if (!isBackendKind(kind) || namespace === undefined || name === undefined) return undefined
  return {
    kind,
    namespace,
    name,
    port: port === undefined || port === 'udp' ? undefined : Number(port),
    transport: words.length > 3 && words.at(-1) === 'udp' ? 'UDP' : 'TCP',
  }
}

/** True for kinds whose references name a port. */
export function hasPorts(kind: BackendKind): boolean {
  return kind === 'Service' || kind === 'ServiceImport'
}

/** The object behind a backend. */
export function backendObject(ref: BackendRef): ObjectRef {
  return { group: GROUPS[ref.kind], kind: ref.kind, namespace: ref.namespace, name: ref.name }
}

/** The objects behind the keys of backends, as `<Kind>/<namespace>/<name>`, each once, in ascending order. */
export function objectsOf(backends: readonly string[]): readonly string[] {
  return inOrder(backends.map((key) => key.split('/').slice(0, 3).join('/')))
}

function isBackendKind(kind: string): kind is BackendKind {
  return Object.hasOwn(GROUPS, kind)
}
