/** Logins for registries that policies name. */
import type { SecretObjectReference } from '../../gen/kinds.js'
import { type Found, found, missing } from '../authentication/found.js'
import { referredSecret } from '../authentication/referred-secret.js'
import type { RegistryLogin } from './fetch-request.js'
import type { ImageName } from './image-name.js'
import type { FetchWorld } from './referred-trust.js'
import { readRegistryLogin } from './registry-login.js'

/** The login of a Secret for an image. Whether it is permitted is asked first. */
export function referredLogin(
  world: FetchWorld,
  field: string,
  ref: SecretObjectReference,
  image: ImageName,
): Found<RegistryLogin | undefined> {
  const secret = referredSecret({ ...world, policy: world.referrer }, field, ref)
  if (!secret.ok) return secret
  const login = readRegistryLogin(secret.value, image)
  return login.ok ? found(login.value) : missing('UnsupportedValue', `${field}: the Secret "${ref.name}" ${login.message}.`)
}
