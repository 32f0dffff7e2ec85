/** Authorities that policies name for servers that we fetch something from. */
import type { SecretObjectReference } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import { objectKey } from '../../util/object-ref.js'
import { type Found, found, missing } from '../authentication/found.js'
import type { Inputs } from '../inputs.js'
import { readConfigMapTrust, readSecretTrust } from '../materials/trust-bundles.js'
import { type GrantIndex, isReferenceAllowed, notGranted, type Referrer } from '../reference-grants.js'

/** What references of a policy are looked up in. */
export interface FetchWorld {
  readonly view: View
  readonly inputs: Inputs
  readonly grants: GrantIndex
  readonly referrer: Referrer
}

/** The authorities of a Secret or ConfigMap, key `ca.crt`, as PEM. Whether it is permitted is asked first. */
export function referredTrust(world: FetchWorld, field: string, ref: SecretObjectReference): Found<string> {
  const { view, inputs, grants, referrer } = world
  const { group, kind, name, namespace = referrer.namespace } = ref
  if (group !== '' || (kind !== 'Secret' && kind !== 'ConfigMap')) {
    return missing('UnsupportedValue', `${field}: ${kind} "${name}" is neither a Secret nor a ConfigMap.`)
  }
  const key = objectKey(namespace, name)
  if (!isReferenceAllowed(view, grants, referrer, { group, kind, namespace, name })) {
    return missing('RefNotPermitted', `${field}: ${notGranted(`the ${kind} "${key}"`)}`)
  }
  const secret = kind === 'Secret' ? view.get(inputs.kind('Secret'), key) : undefined
  const configMap = kind === 'ConfigMap' ? view.get(inputs.kind('ConfigMap'), key) : undefined
  if (secret === undefined && configMap === undefined) return missing('RefNotFound', `${field}: the ${kind} "${key}" does not exist.`)
  const read = secret !== undefined ? readSecretTrust(secret) : configMap && readConfigMapTrust(configMap)
  if (read === undefined || !read.ok) return missing('UnsupportedValue', `${field}: the ${kind} "${key}" ${read?.message}.`)
  return found(read.value.authorities)
}
