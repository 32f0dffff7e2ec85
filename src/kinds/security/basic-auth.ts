/** Names and passwords. Source: RFC 7617; Envoy's `basic_auth`. */
import { object, optional, required } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { secretObjectReference } from '../references.js'
import { headerName } from '../strings.js'

/** A name and a password that requests must carry. */
export const basicAuth: ObjectSchema = object('BasicAuth', 'A name and a password that requests must carry; others get 401.', {
  users: required(
    secretObjectReference,
    'A Secret whose key `.htpasswd` has a line `NAME:{SHA}HASH` per user, as `htpasswd -s` writes it.',
  ),
  forwardUsernameHeader: optional(headerName, 'A header in which backends get the name. What clients send in it is replaced.'),
})
