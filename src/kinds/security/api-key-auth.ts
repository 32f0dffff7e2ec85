/** Keys that clients have instead of a login. Source: Envoy's `api_key_auth`. */
import type { APIKeyExtractor } from '../../gen/kinds.js'
import { boolean, list, object, optional, required, rule, string } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { secretObjectReference } from '../references.js'
import { cookieName, headerName } from '../strings.js'

const extractor: ObjectSchema = object(
  'APIKeyExtractor',
  'Where keys are looked for.',
  {
    headers: optional(list(headerName, { minItems: 1, maxItems: 8 }), 'Headers, by name. A key may stand behind `Bearer`.'),
    params: optional(list(string({ minLength: 1, maxLength: 128 }), { minItems: 1, maxItems: 8 }), 'Query parameters, by name.'),
    cookies: optional(list(cookieName, { minItems: 1, maxItems: 8 }), 'Cookies, by name.'),
  },
  {
    rules: [
      rule<APIKeyExtractor>(
        'looks-somewhere',
        'has(self.headers) || has(self.params) || has(self.cookies)',
        'set at least one of headers, params and cookies',
        (self) => self.headers !== undefined || self.params !== undefined || self.cookies !== undefined,
      ),
    ],
  },
)

/** Keys that requests must carry. */
export const apiKeyAuth: ObjectSchema = object('APIKeyAuth', 'Keys that requests must carry; others get 401.', {
  credentialRefs: required(
    list(secretObjectReference, { minItems: 1, maxItems: 16 }),
    'Secrets: each of their keys is the name of a client, its value the key of that client.',
  ),
  extractFrom: required(list(extractor, { minItems: 1, maxItems: 8 }), 'Where keys are looked for. The first place that has one decides.'),
  forwardClientIDHeader: optional(
    headerName,
    'A header in which backends get the name of the client. What clients send in it is replaced.',
  ),
  sanitize: optional(boolean(), 'Whether the key is taken out of the request before a backend sees it.', { default: false }),
})
