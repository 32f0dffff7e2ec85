import type { ListenerKey } from '../model.js'

/** The kinds that declare listeners. */
export type ListenerParentKind = 'Gateway' | 'ListenerSet'

/** The key of a listener. Names and namespaces have no slash, so that it can be taken apart again. */
export function listenerKey(
  parent: { readonly kind: string; readonly namespace: string; readonly name: string },
  listener: string,
): ListenerKey {
  return `${parent.kind}/${parent.namespace}/${parent.name}/${listener}` as ListenerKey
}

/** The parts of the key of a listener. */
export function parseListenerKey(key: string): {
  readonly kind: string
  readonly namespace: string
  readonly parent: string
  readonly name: string
} {
  const [kind = '', namespace = '', parent = '', name = ''] = key.split('/')
  return { kind, namespace, parent, name }
}
