/**
 * Objects of a folder that nobody looks after, because what they hang on is not there. In a cluster they may be somebody else's, and must
 * not get a status of ours; in a folder it is a name that is written wrongly, most often, and there would be no trace of it anywhere.
 */
import type { Problem } from '../../admin/sources.js'
import { backendKind } from '../../gatewayapi/backends/backend-key.js'
import { GATEWAY_GROUP } from '../../gatewayapi/conditions.js'
import { ROUTE_KINDS } from '../../gatewayapi/routes/any-route.js'
import type { BackendTLSPolicy, GatewayClass, HTTPRoute, KindName, ParentReference, XBackendTrafficPolicy } from '../../gen/kinds.js'
import { DEFAULT_CLASS } from '../../provider/file/default-class.js'
import type { KubeObject } from '../../provider/provider.js'
import type { ResourceStore } from '../../store/resource-store.js'
import { describeObject, type ObjectRef, objectKey, objectVersion } from '../../util/object-ref.js'

/** Policies whose status is about the Gateways that send to what they are about, and which kinds that may be. */
const BACKEND_POLICIES = {
  BackendTLSPolicy: ['Service', 'ServiceImport'],
  XBackendTrafficPolicy: ['Service', 'ServiceImport', 'XBackend', 'Backend'],
} as const

type BackendPolicy = BackendTLSPolicy | XBackendTrafficPolicy

const BACKEND_POLICY_KINDS = ['BackendTLSPolicy', 'XBackendTrafficPolicy'] as const

/**
 * A warning for each name of a class or a parent that leads nowhere, for routes without a parent, for policies about backends that are not
 * there, and for classes of other controllers.
 */
export function unservedObjects(store: ResourceStore, controllerName: string): readonly Problem[] {
  return [
    ...store.list('GatewayClass').flatMap((each) => warnings(each, foreignClass(each, controllerName))),
    ...store.list('Gateway').flatMap((each) => {
      const { gatewayClassName } = each.spec
      const isThere = store.find('GatewayClass', objectKey('', gatewayClassName)) !== undefined
      const advice = `correct the name; "${DEFAULT_CLASS.name}" is there without a file`
      return isThere ? [] : warnings(each, [`spec.gatewayClassName: there is no GatewayClass "${gatewayClassName}": ${advice}`])
    }),
    ...store.list('ListenerSet').flatMap((each) => warnings(each, missingParent(store, each, each.spec.parentRef, 'spec.parentRef'))),
    ...ROUTE_KINDS.flatMap((kind) => store.list(kind).flatMap((each) => warnings(each, missingParents(store, each)))),
    ...BACKEND_POLICY_KINDS.flatMap((kind) => store.list(kind).flatMap((each) => warnings(each, missingTargets(store, each, kind)))),
  ]
}

function foreignClass({ spec }: GatewayClass, controllerName: string): readonly string[] {
  if (spec.controllerName === controllerName) return []
  return [`spec.controllerName: it is for "${spec.controllerName}", and this is "${controllerName}"`]
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

/** That an object is not there, and what to do: another thing where only its namespace is wrong. */
function notThere(
  store: ResourceStore,
  kind: KindName,
  { namespace, name }: Pick<ObjectRef, 'namespace' | 'name'>,
  path: string,
  advice: string,
): string {
  const [other] = store.list(kind).filter(({ metadata }) => metadata.name === name)
  const what = `${path}: there is no ${kind} "${namespace}/${name}"`
  return other === undefined ? `${what}: correct the name` : `${what}, but "${other.metadata.namespace}/${name}": ${advice}`
}

function missingTargets(store: ResourceStore, policy: BackendPolicy, kindOfPolicy: keyof typeof BACKEND_POLICIES): readonly string[] {
  const { namespace } = policy.metadata
  return policy.spec.targetRefs.flatMap(({ group, kind: named, name }, index) => {
    const path = `spec.targetRefs[${index}]`
    const kind = BACKEND_POLICIES[kindOfPolicy].find((each) => each === backendKind(group, named))
    if (kind === undefined) {
      const instead = kindOfPolicy === 'BackendTLSPolicy' && named === 'Backend' ? '; a Backend says it itself in spec.tls' : ''
      return [`${path}: a ${kindOfPolicy} cannot be about a ${named} of the group "${group}"${instead}`]
    }
    if (store.find(kind, objectKey(namespace, name)) !== undefined) return []
    return [notThere(store, kind, { namespace, name }, path, 'move the policy there')]
  })
}

function warnings(object: KubeObject, messages: readonly string[]): readonly Problem[] {
  const ref = objectVersion(object)
  return messages.map((message) => ({ severity: 'warning', where: describeObject(ref), message, object: ref }))
}
