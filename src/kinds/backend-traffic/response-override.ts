/** Other answers than those of backends or of Envoy itself, as a BackendTrafficPolicy says it. */
import type { CustomResponse, ResponseOverride, ResponseOverrideStatus } from '../../gen/kinds.js'
import { int32, list, listBy, object, oneOf, optional, required, rule, string } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { httpHeader } from '../http-filters.js'
import { localObjectReference } from '../references.js'
import { headerName, portNumber, preciseHostname } from '../strings.js'

const status = int32({ minimum: 100, maximum: 599 })

const statusMatch: ObjectSchema = object(
  'ResponseOverrideStatus',
  'Statuses of answers: one, or all from one to another.',
  {
    type: optional(oneOf(['Value', 'Range'], { name: 'ResponseOverrideStatusType' }), 'One status or several.', { default: 'Value' }),
    value: optional(status, 'The status, for `Value`.'),
    range: optional(
      object('ResponseOverrideStatusRange', 'Statuses from one to another.', {
        start: required(status, 'The first.'),
        end: required(status, 'The last, which is one of them.'),
      }),
      'The statuses, for `Range`.',
    ),
  },
  {
    rules: [
      rule<ResponseOverrideStatus>(
        'status-has-what-its-type-names',
        "(self.type == 'Value') == has(self.value) && (self.type == 'Range') == has(self.range)",
        'set value or range exactly when type names it',
        (self) => (self.type === 'Value') === (self.value !== undefined) && (self.type === 'Range') === (self.range !== undefined),
      ),
      rule<ResponseOverrideStatus>(
        'status-range-in-order',
        '!has(self.range) || self.range.start <= self.range.end',
        'start must not be greater than end',
        (self) => self.range === undefined || self.range.start <= self.range.end,
      ),
    ],
  },
)

const headerMatch: ObjectSchema = object('ResponseOverrideHeader', 'A header that an answer must have.', {
  name: required(headerName, 'Its name.'),
  value: required(
    object('ResponseOverrideHeaderValue', 'What its value must be.', {
      type: optional(
        oneOf(['Exact', 'Prefix', 'Suffix', 'RegularExpression'], { name: 'ResponseOverrideMatchType' }),
        'How it is compared.',
        {
          default: 'Exact',
        },
      ),
      value: required(string({ minLength: 1, maxLength: 1024 }), 'The value, or a regular expression (RE2) for all of it.'),
    }),
    'What its value must be.',
  ),
})

const headers: ObjectSchema = object('ResponseOverrideHeaders', 'Headers of the answer.', {
  set: optional(listBy(['name'], httpHeader, { maxItems: 16 }), 'Headers that it has with these values and no others.'),
  add: optional(listBy(['name'], httpHeader, { maxItems: 16 }), 'Headers that it has besides those that are there.'),
})

/** Gives another answer. */
export const responseOverride: ObjectSchema = object(
  'ResponseOverride',
  'Gives another answer instead of one that matches; the first override that matches counts.',
  {
    match: required(
      object('ResponseOverrideMatch', 'Which answers.', {
        statusCodes: optional(list(statusMatch, { minItems: 1, maxItems: 50 }), 'Their statuses: one of them.'),
        responseHeaders: optional(list(headerMatch, { minItems: 1, maxItems: 16 }), 'Their headers: all of them.'),
      }),
      'Which answers.',
    ),
    source: optional(
      oneOf(['All', 'Local', 'Backend'], { name: 'ResponseOverrideSource' }),
      'Whose answers: those of the proxy itself (`Local`), those of backends, or both, which is meant when left out.',
    ),
    response: optional(
      object(
        'CustomResponse',
        'The other answer.',
        {
          statusCode: optional(int32({ minimum: 200, maximum: 599 }), 'Its status; the same as before when left out.'),
          contentType: optional(string({ minLength: 1, maxLength: 256 }), 'The type of its body; `text/plain` when left out.'),
          body: optional(string({ minLength: 1, maxLength: 4096 }), 'Its body; none when left out.'),
          bodyRef: optional(
            localObjectReference,
            'The ConfigMap with its body instead: its key `response.body`, or its only key. At most 64 KiB.',
          ),
          header: optional(headers, 'Its headers.'),
        },
        {
          rules: [
            rule<CustomResponse>(
              'one-body',
              '!(has(self.body) && has(self.bodyRef))',
              'set body or bodyRef, not both',
              (self) => self.body === undefined || self.bodyRef === undefined,
            ),
          ],
        },
      ),
      'The other answer.',
    ),
    redirect: optional(
      object('CustomRedirect', 'A redirect for the client instead; what is left out is as in the request.', {
        scheme: optional(oneOf(['http', 'https'], { name: 'CustomRedirectScheme' }), 'The scheme.'),
        hostname: optional(preciseHostname, 'The host.'),
        port: optional(portNumber, 'The port; with a scheme or a hostname it is that of the scheme when left out.'),
        path: optional(string({ minLength: 1, maxLength: 1024, pattern: '^/' }), 'The path with its query.'),
        statusCode: optional(int32({ minimum: 301, maximum: 308 }), 'The status: 301, 302, 303, 307 or 308; 302 when left out.'),
      }),
      'A redirect for the client instead.',
    ),
  },
  {
    rules: [
      rule<ResponseOverride>(
        'override-has-one-answer',
        'has(self.response) != has(self.redirect)',
        'set either response or redirect',
        (self) => (self.response !== undefined) !== (self.redirect !== undefined),
      ),
      rule<ResponseOverride>(
        'override-matches-something',
        'has(self.match.statusCodes) || has(self.match.responseHeaders)',
        'match statusCodes or responseHeaders',
        (self) => self.match.statusCodes !== undefined || self.match.responseHeaders !== undefined,
      ),
    ],
  },
)
