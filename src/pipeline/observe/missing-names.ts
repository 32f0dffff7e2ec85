/**
 * Classes and parents that are named and not there. In a cluster their objects may be somebody else's, and must not get a status of ours; but
 * what is not there is nobody's: it is a name that is written wrongly, most often, and there would be no trace of it anywhere.
 */
import type { Problem } from '../../admin/sources.js'
import { GATEWAY_GROUP } from '../../gatewayapi/conditions.js'
import { ROUTE_KINDS } from '../../gatewayapi/routes/any-route.js'
import type { Gateway, HTTPRoute, KindName, ParentReference } from '../../gen/kinds.js'
import type { KubeObject } from '../../provider/provider.js'
import type { ResourceStore } from '../../store/resource-store.js'
import { describeObject, type ObjectRef, objectKey, objectVersion } from '../../util/object-ref.js'

/**
 * A warning for each name of a class or a parent that leads nowhere, and for routes without a parent.
 *
 * @param classAdvice what else to do where there is no class of a name
 */
export function missingNames(store: ResourceStore, classAdvice: string): readonly Problem[] {
  return [
    ...store.list('Gateway').flatMap((each) => warnings(each, missingClass(store, each, classAdvice))),
    ...store.list('ListenerSet').flatMap((each) => warnings(each, missingParent(store, each, each.spec.parentRef, 'spec.parentRef'))),
    ...ROUTE_KINDS.flatMap((kind) => store.list(kind).flatMap((each) => warnings(each, missingParents(store, each)))),
  ]
}

/** That an object is not there, and what to do: another thing where only its namespace is wrong. */
export function notThere(
  store: ResourceStore,
  kind: KindName,
  { namespace, name }: Pick<ObjectRef, 'namespace' | 'name'>,
  path: string,
  advice: string,
): string {
  const other = store.list(kind).find(({ metadata }) => metadata.name === name)
  const what = `${path}: there is no ${kind} "${namespace}/${name}"`
  return other === undefined ? `${what}: correct the name` : `${what}, but "${other.metadata.namespace}/${name}": ${advice}`
}

/** What is to be said of an object, as warnings. */
export function warnings(object: KubeObject, messages: readonly string[]): readonly Problem[] {
  const ref = objectVersion(object)
  return messages.map((message) => ({ severity: 'warning', where: describeObject(ref), message, object: ref }))
}

function missingClass(store: ResourceStore, { spec: { gatewayClassName } }: Gateway, advice: string): readonly string[] {
  if (store.find('GatewayClass', objectKey('', gatewayClassName)) !== undefined) return []
  return [`spec.gatewayClassName: there is no GatewayClass "${gatewayClassName}": correct the name${advice}`]
}

function missingParents(
  store: ResourceStore,
  route: { readonly spec: Pick<HTTPRoute['spec'], 'parentRefs' | 'useDefaultGateways'> } & KubeObject,
): readonly string[] {
  const { parentRefs = [], useDefaultGateways } = route.spec
  if (parentRefs.length === 0) return useDefaultGateways === 'All' ? [] : ['spec.parentRefs: it names no Gateway: name one']
  return parentRefs.flatMap((ref, index) => missingParent(store, route, ref, `spec.parentRefs[${index}]`))
}

function missingParent(
  store: ResourceStore,
  child: KubeObject,
  {
    group = GATEWAY_GROUP,
    kind = 'Gateway',
    namespace = child.metadata.namespace,
    name,
  }: Partial<ParentReference> & { readonly name: string },
  path: string,
): readonly string[] {
  if (
    group !== GATEWAY_GROUP ||
    (kind !== 'Gateway' && kind !== 'ListenerSet') ||
    store.find(kind, objectKey(namespace, name)) !== undefined
  )
    return []
  return [notThere(store, kind, { namespace, name }, path, 'name its namespace')]
}
