/** Names an object of the Kubernetes API: enough to find it, to print it and to compare it. */
export interface ObjectRef {
  /** API group; the empty string is the core group. */
  readonly group: string
  readonly kind: string
  /** The empty string for objects of cluster scope. */
  readonly namespace: string
  readonly name: string
}

/** An object at one generation: what a piece of configuration was made from. */
export interface ObjectVersion extends ObjectRef {
  /** `metadata.generation`; 0 where the kind has none (Secrets, ConfigMaps, EndpointSlices). */
  readonly generation: number
}

/** `namespace/name`, the key of an object within its kind. Objects of cluster scope have an empty namespace: `/name`. */
export type ObjectKey = string & { readonly brand: 'ObjectKey' }

/** The key of an object within its kind. */
export function objectKey(namespace: string, name: string): ObjectKey {
  return `${namespace}/${name}` as ObjectKey
}

/** `Kind/namespace/name` as people write it in messages; the namespace is left out where there is none. */
export function describeObject(ref: ObjectRef): string {
  return ref.namespace === '' ? `${ref.kind}/${ref.name}` : `${ref.kind}/${ref.namespace}/${ref.name}`
}

/** The reference to an object as it is now. */
export function objectVersion(object: {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly namespace: string; readonly name: string; readonly generation: number }
}): ObjectVersion {
  const { namespace, name, generation } = object.metadata
  return { group: groupOf(object.apiVersion), kind: object.kind, namespace, name, generation }
}

/** Groups that nearly all objects are of: one text for all of these, not one cut out of each. */
const GROUPS: readonly string[] = ['gateway.networking.k8s.io', 'discovery.k8s.io', 'headgate.dev', 'gateway.networking.x-k8s.io']

/** The core group has no name: its apiVersion is a bare version. */
function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/')
  if (slash < 0) return ''
  return GROUPS.find((group) => group.length === slash && apiVersion.startsWith(group)) ?? apiVersion.slice(0, slash)
}
