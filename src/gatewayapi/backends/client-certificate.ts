/** The certificate that a backend asks us to show. */
import type { SecretObjectReference } from '../../gen/kinds.js'
import type { ObjectRef } from '../../util/object-ref.js'
import { certificateName } from '../materials/material-names.js'
import type { Read } from '../materials/pem.js'
import { referredMaterial } from '../materials/referred-material.js'
import type { BackendWorld } from './backend-world.js'

/** The name of the certificate that a reference of `owner` means, or what is wrong with it in words that follow the owner's name. */
export function resolveClientCertificate(world: BackendWorld, owner: ObjectRef, ref: SecretObjectReference): Read<string> {
  const { name, problem } = referredMaterial(world.view, world, owner, ref, {
    name: certificateName(ref, owner.namespace),
    holds: 'a certificate: use a Secret',
    reason: 'InvalidClientCertificateRef',
  })
  if (name !== undefined) return { ok: true, value: name }
  return { ok: false, message: `has no client certificate that is usable: ${problem?.message ?? ''}` }
}
