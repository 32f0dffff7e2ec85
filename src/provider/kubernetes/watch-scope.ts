/** Which namespaces are read. */

/**
 * `cluster` reads everything, with one watch per kind. `namespaces` and `selector` read the listed or the labelled namespaces only, with one
 * watch per kind and namespace, so that Roles in those namespaces are enough. `own` is read besides those with the labels: what the
 * configuration of a class consists of is there.
 */
export type WatchScope =
  | { readonly kind: 'cluster' }
  | { readonly kind: 'namespaces'; readonly names: readonly string[] }
  | { readonly kind: 'selector'; readonly labelSelector: string; readonly own: string }
