/** The part of SecurityPolicy about requests that another site makes a browser send. */
import { list, object, optional, string } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { fraction } from '../fraction.js'

const origin = string({
  minLength: 1,
  maxLength: 253,
  pattern: '^[a-z][a-z0-9+.-]*://(\\*\\.)?[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?$',
})

/** Refuses requests that another site makes a browser send. */
export const csrf: ObjectSchema = object(
  'CSRF',
  'Requests that change something (POST, PUT, PATCH and DELETE) must come from a page of the same host or of these origins; others get 403.',
  {
    additionalOrigins: optional(
      list(origin, { maxItems: 64 }),
      'Origins besides the host of the request itself, such as `https://shop.example.com` or `https://*.example.com`. Host and port are compared, the scheme is not.',
    ),
    shadowFraction: optional(fraction, 'Only counts this share of requests and refuses none, to try the rule; refuses all when left out.'),
  },
)
