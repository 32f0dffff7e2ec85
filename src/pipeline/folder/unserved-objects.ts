/** Objects of a folder that nobody looks after: what they hang on is not there, or is for a controller that is not there either. */
import type { Problem } from '../../admin/sources.js'
import { backendKind } from '../../gatewayapi/backends/backend-key.js'
import type { BackendTLSPolicy, GatewayClass, XBackendTrafficPolicy } from '../../gen/kinds.js'
import { DEFAULT_CLASS } from '../../provider/file/default-class.js'
import type { ResourceStore } from '../../store/resource-store.js'
import { objectKey } from '../../util/object-ref.js'
import { missingNames, notThere, warnings } from '../observe/missing-names.js'

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
    ...missingNames(store, `; "${DEFAULT_CLASS.name}" is there without a file`),
    ...BACKEND_POLICY_KINDS.flatMap((kind) => store.list(kind).flatMap((each) => warnings(each, missingTargets(store, each, kind)))),
  ]
}

function foreignClass({ spec }: GatewayClass, controllerName: string): readonly string[] {
  if (spec.controllerName === controllerName) return []
  return [`spec.controllerName: it is for "${spec.controllerName}", and this is "${controllerName}"`]
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
