/** Secrets that policies refer to. */
import type { Secret, SecretObjectReference } from '../../gen/kinds.js'
import { objectKey } from '../../util/object-ref.js'
import { isReferenceAllowed, notGranted, type Referrer } from '../reference-grants.js'
import type { AuthenticationWorld } from './authentication-world.js'
import { type Found, found, missing } from './found.js'

/**
 * The Secret of a reference. Whether it is permitted is asked first, so that nobody learns what exists elsewhere.
 *
 * @param field where the reference stands, for messages
 */
export function referredSecret(
  { view, grants, inputs, policy }: Pick<AuthenticationWorld, 'view' | 'grants' | 'inputs'> & { readonly policy: Referrer },
  field: string,
  { group, kind, name, namespace = policy.namespace }: SecretObjectReference,
): Found<Secret> {
  if (group !== '' || kind !== 'Secret') return missing('UnsupportedValue', `${field}: ${kind} "${name}" is no Secret.`)
  const key = objectKey(namespace, name)
  if (!isReferenceAllowed(view, grants, policy, { group, kind, namespace, name })) {
    return missing('RefNotPermitted', `${field}: ${notGranted(`the Secret "${key}"`)}`)
  }
  const secret = view.get(inputs.kind('Secret'), key)
  return secret === undefined ? missing('RefNotFound', `${field}: the Secret "${key}" does not exist.`) : found(secret)
}
