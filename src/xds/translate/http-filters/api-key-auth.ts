/** Keys of clients. What a client is told apart by belongs to the filter in Envoy, so a route brings the whole filter. */
import type { envoy } from '../../../gen/envoy/types.js'
import type { ApiKeyAuth } from '../../../ir/authentication.js'
import { any } from '../../message.js'
import { EMPTY_PLACE, fillPlace, IDLE_PLACE } from './composite.js'
import type { HttpFilter } from './http-filter.js'

type Config = envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth

const NAME = 'envoy.filters.http.api_key_auth'

/** Answers 401 to requests without a key that somebody has. */
export const API_KEY_AUTH: HttpFilter = {
  name: NAME,
  config: EMPTY_PLACE,
  disabled: true,
  idle: IDLE_PLACE,
  perRoute: ({ apiKeyAuth }) =>
    apiKeyAuth === undefined
      ? undefined
      : fillPlace({ name: NAME, typedConfig: any('envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth', configOf(apiKeyAuth)) }),
}

function configOf({ credentials, places, clientHeader, hides }: ApiKeyAuth): Config {
  return {
    credentials: credentials.map(({ client, key }) => ({ client, key: key.reveal() })),
    keySources: places.map(({ kind, name }) => ({ [kind]: name })),
    ...(clientHeader === undefined && !hides
      ? {}
      : { forwarding: { ...(clientHeader === undefined ? {} : { header: clientHeader }), ...(hides ? { hideCredentials: true } : {}) } }),
  }
}
