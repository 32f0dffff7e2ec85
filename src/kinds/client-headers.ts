/** Headers between clients and Envoy, as a ClientTrafficPolicy says it. */
import type { ClientIPDetection, XForwardedFor } from '../gen/kinds.js'
import { boolean, int32, list, listBy, object, oneOf, optional, required, rule, setOf, string } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'
import { httpHeader } from './http-filters.js'
import { byteQuantity } from './quantity.js'
import { stringMatch } from './string-match.js'
import { headerName } from './strings.js'

const headers = (description: string) => optional(listBy(['name'], httpHeader, { minItems: 1, maxItems: 64 }), description)

const headerChanges: ObjectSchema = object('ClientHeaderChanges', 'Changes headers; removals come first.', {
  set: headers('Headers that get this value instead of any that they have.'),
  add: headers('Headers that get this value beside any that they have.'),
  addIfAbsent: headers('Headers that get this value where they are not there.'),
  remove: optional(list(headerName, { minItems: 1, maxItems: 64 }), 'Headers that go away.'),
  removeOnMatch: optional(list(stringMatch, { minItems: 1, maxItems: 64 }), 'Headers go away whose names match, in lower case.'),
})

/** Headers of requests and answers. */
export const clientHeaders: ObjectSchema = object('ClientHeaders', 'Headers of requests and answers.', {
  enableEnvoyHeaders: optional(
    boolean(),
    'True: Envoy adds headers of its own to requests and answers, such as `x-envoy-upstream-service-time`.',
  ),
  xForwardedClientCert: optional(
    object('XForwardedClientCert', 'The header `x-forwarded-client-cert`, which tells backends about certificates of clients.', {
      mode: optional(
        oneOf(['Sanitize', 'ForwardOnly', 'AppendForward', 'SanitizeSet', 'AlwaysForwardOnly'], { name: 'XFCCForwardMode' }),
        '`Sanitize` removes it. `SanitizeSet` writes it anew, `AppendForward` adds to it and `ForwardOnly` passes it on, for connections with a certificate; `AlwaysForwardOnly` passes it on for all.',
        { default: 'Sanitize' },
      ),
      certDetailsToAdd: optional(
        setOf(oneOf(['Subject', 'Cert', 'Chain', 'DNS', 'URI'], { name: 'XFCCCertData' }), { minItems: 1, maxItems: 5 }),
        'What is said besides the hash, for `AppendForward` and `SanitizeSet`.',
      ),
    }),
    'The header `x-forwarded-client-cert`; it is removed when left out.',
  ),
  withUnderscoresAction: optional(
    oneOf(['Allow', 'RejectRequest', 'DropHeader'], { name: 'WithUnderscoresAction' }),
    'What happens to headers with `_` in their names, which many servers read as `-`; `RejectRequest` when left out.',
  ),
  requestID: optional(
    oneOf(['PreserveOrGenerate', 'Preserve', 'Generate', 'Disable'], { name: 'RequestIDAction' }),
    'The header `x-request-id`. `Generate`: always a new one. `Preserve`: what the client sent. `Disable`: none. `Generate` when left out.',
  ),
  earlyRequestHeaders: optional(headerChanges, 'Changes requests before anything else looks at them.'),
  lateResponseHeaders: optional(headerChanges, 'Changes answers after everything else.'),
  host: optional(
    object('ClientHost', 'The host of requests.', {
      stripTrailingHostDot: optional(boolean(), 'False: `example.com.` is another host than `example.com`. True when left out.'),
    }),
    'The host of requests.',
  ),
  maxRequestHeaderLimit: optional(byteQuantity, 'The size of all headers of a request, in whole KiB; 60Ki when left out.'),
  maxRequestHeaders: optional(int32({ minimum: 1, maximum: 10_000 }), 'The number of headers of a request; 100 when left out.'),
})

/** What says where a client is. */
export const clientIpDetection: ObjectSchema = object(
  'ClientIPDetection',
  'What says which address a client has. Authorization, rate limits and logs go by it.',
  {
    xForwardedFor: optional(
      object(
        'XForwardedFor',
        'The header `x-forwarded-for`, where proxies in front write it.',
        {
          numTrustedHops: optional(
            int32({ minimum: 1, maximum: 64 }),
            'So many proxies stand in front: the entry of the first of them counts.',
          ),
          trustedCIDRs: optional(
            list(string({ minLength: 4, maxLength: 49 }), { minItems: 1, maxItems: 64 }),
            'Where proxies in front are: from the end the first entry counts that is none of them. Others are not believed.',
          ),
          disableXForwardedForAppend: optional(boolean(), 'True: the address of the connection is not added to the header.'),
        },
        {
          rules: [
            rule<XForwardedFor>(
              'hops-or-ranges',
              '!(has(self.numTrustedHops) && has(self.trustedCIDRs))',
              'set only one of numTrustedHops and trustedCIDRs',
              (self) => self.numTrustedHops === undefined || self.trustedCIDRs === undefined,
            ),
          ],
        },
      ),
      'The header `x-forwarded-for`, where proxies in front write it.',
    ),
    customHeader: optional(
      object('ClientIPHeader', 'A header that something in front always writes over what clients send.', {
        name: required(headerName, 'Its name.'),
        failClosed: optional(
          boolean(),
          'True: requests without an address in it get 403; the address of the connection counts when left out.',
        ),
      }),
      'A header that something in front always writes over what clients send: of several the first counts.',
    ),
    directSourceIP: optional(
      object('DirectSourceIP', 'The address of the connection.', {}),
      'The address of the connection, as when nothing is said.',
    ),
  },
  {
    rules: [
      rule<ClientIPDetection>(
        'one-way-to-detect',
        '[has(self.xForwardedFor), has(self.customHeader), has(self.directSourceIP)].filter(x, x).size() == 1',
        'set exactly one of xForwardedFor, customHeader and directSourceIP',
        (self) => [self.xForwardedFor, self.customHeader, self.directSourceIP].filter((each) => each !== undefined).length === 1,
      ),
    ],
  },
)
