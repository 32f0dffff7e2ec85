/** The certificate that a backend asks us to show. */
import type { SecretObjectReference } from '../../gen/kinds.js'
import type { ObjectRef } from '../../util/object-ref.js'
import { certificateName } from '../materials/material-names.js'
import type { Read } from '../materials/pem.js'
import { isReferenceAllowed } from '../reference-grants.js'
import type { BackendWorld } from './backend-world.js'

/** The name of the certificate that a reference of `owner` means, or what is wrong with it in words that follow the owner's name. */
export function resolveClientCertificate(world: BackendWorld, owner: ObjectRef, ref: SecretObjectReference): Read<string> {
  const what = `client certificate "${ref.name}"`
  const name = certificateName(ref, owner.namespace)
  if (name === undefined) return { ok: false, message: `names a ${what} of a kind that is not supported: use a Secret.` }
  const target = { group: ref.group, kind: ref.kind, namespace: ref.namespace ?? owner.namespace, name: ref.name }
  if (!isReferenceAllowed(world.view, world.grants, owner, target)) {
    return { ok: false, message: `may not refer to the ${what} of another namespace: no ReferenceGrant allows it.` }
  }
  const found = world.view.get(world.materials, name)
  if (found === undefined) return { ok: false, message: `names a ${what} that does not exist.` }
  return found.ok ? { ok: true, value: name } : { ok: false, message: `names a ${what} that ${found.message}.` }
}
