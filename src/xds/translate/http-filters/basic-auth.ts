/** Names and passwords. The header that gets the name is a setting of the whole filter in Envoy, so a route brings it. */
import { any } from '../../message.js'
import { EMPTY_PLACE, fillPlace, IDLE_PLACE } from './composite.js'
import type { HttpFilter } from './http-filter.js'

const NAME = 'envoy.filters.http.basic_auth'

/** Answers 401 to requests without a name and its password. */
export const BASIC_AUTH: HttpFilter = {
  name: NAME,
  config: EMPTY_PLACE,
  disabled: true,
  idle: IDLE_PLACE,
  perRoute: ({ basicAuth }) =>
    basicAuth === undefined
      ? undefined
      : fillPlace({
          name: NAME,
          typedConfig: any('envoy.extensions.filters.http.basic_auth.v3.BasicAuth', {
            users: { inlineString: basicAuth.users.reveal() },
            ...(basicAuth.nameHeader === undefined ? {} : { forwardUsernameHeader: basicAuth.nameHeader }),
          }),
        }),
}
