/** Adds a credential to requests on their way to the backend: the text of a secret, delivered over SDS. */
import { credentialInjector, heldSecret } from '../clusters/secret-holder.js'
import { EMPTY_PLACE, fillPlace, IDLE_PLACE } from './composite.js'
import type { HttpFilter } from './http-filter.js'

const NAME = 'envoy.filters.http.credential_injector'

/** Answers 401 while there is no credential. */
export const CREDENTIAL_INJECTOR: HttpFilter = {
  name: NAME,
  config: EMPTY_PLACE,
  disabled: true,
  idle: IDLE_PLACE,
  perRoute: ({ credential }) =>
    credential && fillPlace({ name: NAME, typedConfig: credentialInjector(credential.secret, credential.header, credential.overwrite) }),
  references: ({ credential }) => (credential === undefined ? [] : heldSecret(credential.secret)),
}
