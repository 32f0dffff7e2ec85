/** Where a resource lives in the URL space of the API server. */

/** A resource of the API: what a list or a watch is about. */
export interface ApiResource {
  /** The empty string is the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
}

/** One object of a resource, or one of its subresources. */
export interface ApiObjectPath extends ApiResource {
  /** The empty string for objects of cluster scope. */
  readonly namespace: string
  readonly name: string
  readonly subresource?: string
}

/** The path that lists a resource; an empty namespace lists all namespaces. */
export function collectionPath(resource: ApiResource, namespace = ''): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  return namespace === '' ? `${root}/${resource.plural}` : `${root}/namespaces/${encodeURIComponent(namespace)}/${resource.plural}`
}

/** The path of one object. */
export function objectPath(object: ApiObjectPath): string {
  const path = `${collectionPath(object, object.namespace)}/${encodeURIComponent(object.name)}`
  return object.subresource === undefined ? path : `${path}/${object.subresource}`
}

/** `group/version` as it stands in `apiVersion`. */
export function apiVersionOf(resource: Pick<ApiResource, 'group' | 'version'>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
}
