/**
 * Which requests a rule of an HTTPRoute is about.
 *
 * Source: Gateway API v1.7.0, `HTTPRouteMatch`.
 */
import type { HTTPPathMatch } from '../gen/kinds.js'
import { listBy, object, oneOf, optional, required, rule, string } from '../schema/build.js'
import type { ObjectSchema, Rule } from '../schema/schema.js'
import { HTTP_METHODS } from './http-filters.js'
import { headerName, headerValue } from './strings.js'

const NORMAL_PATH = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$/
const LITERAL_TYPES = "['Exact', 'PathPrefix']"
const IS_LITERAL = "(self.type in ['Exact','PathPrefix'])"

/** A match by path when nothing else is said: every path. */
export const EVERY_PATH = { type: 'PathPrefix', value: '/' } as const

const pathMatch: ObjectSchema = object(
  'HTTPPathMatch',
  'Selects requests by their path.',
  {
    type: optional(
      oneOf(['Exact', 'PathPrefix', 'RegularExpression'], { name: 'PathMatchType' }),
      'How the path is compared; prefixes end at segment borders.',
      { default: 'PathPrefix' },
    ),
    value: optional(string({ maxLength: 1024 }), 'What the path is compared with.', { default: '/' }),
  },
  {
    rules: [
      literalRule(
        'path-absolute',
        "self.value.startsWith('/')",
        "value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']",
        (path) => path.startsWith('/'),
      ),
      ...['//', '/./', '/../', '%2f', '%2F', '#'].map((part, index) =>
        literalRule(
          `path-without-${['empty-segment', 'dot-segment', 'dot-dot-segment', 'escaped-slash', 'escaped-slash-upper-case', 'fragment'][index] ?? part}`,
          `!self.value.contains('${part}')`,
          `must not contain '${part}' when type one of ${LITERAL_TYPES}`,
          (path) => !path.includes(part),
        ),
      ),
      ...['/..', '/.'].map((part) =>
        literalRule(
          `path-end-without-${part === '/.' ? 'dot' : 'dot-dot'}-segment`,
          `!self.value.endsWith('${part}')`,
          `must not end with '${part}' when type one of ${LITERAL_TYPES}`,
          (path) => !path.endsWith(part),
        ),
      ),
      rule<HTTPPathMatch>(
        'path-type-known',
        "self.type in ['Exact','PathPrefix'] || self.type == 'RegularExpression'",
        "type must be one of ['Exact', 'PathPrefix', 'RegularExpression']",
        (self) => isLiteral(self) || self.type === 'RegularExpression',
      ),
      rule<HTTPPathMatch>(
        'path-characters',
        `${IS_LITERAL} ? self.value.matches(r"""${NORMAL_PATH.source}""") : true`,
        `must only contain valid characters (matching ${NORMAL_PATH.source}) for types ${LITERAL_TYPES}`,
        (self) => !isLiteral(self) || NORMAL_PATH.test(self.value),
      ),
    ],
  },
)

const valueMatchType = { default: 'Exact' } as const

const headerMatch: ObjectSchema = object('HTTPHeaderMatch', 'Selects requests by a header.', {
  type: optional(oneOf(['Exact', 'RegularExpression'], { name: 'HeaderMatchType' }), 'How the value is compared.', valueMatchType),
  name: required(headerName, 'Name of the header; compared without case.'),
  value: required(headerValue, 'What the value is compared with.'),
})

const queryParamMatch: ObjectSchema = object('HTTPQueryParamMatch', 'Selects requests by a query parameter.', {
  type: optional(oneOf(['Exact', 'RegularExpression'], { name: 'QueryParamMatchType' }), 'How the value is compared.', valueMatchType),
  name: required(headerName, 'Name of the parameter; compared with case.'),
  value: required(string({ minLength: 1, maxLength: 1024 }), 'What the value is compared with.'),
})

/** Selects requests that meet all of its parts. */
export const httpRouteMatch: ObjectSchema = object('HTTPRouteMatch', 'Selects requests that meet all of its parts.', {
  path: optional(pathMatch, 'What the path must be.', { default: EVERY_PATH }),
  headers: optional(listBy(['name'], headerMatch, { maxItems: 16 }), 'What headers must be.'),
  queryParams: optional(listBy(['name'], queryParamMatch, { maxItems: 16 }), 'What query parameters must be.'),
  method: optional(oneOf(HTTP_METHODS, { name: 'HTTPMethod' }), 'What the method must be.'),
})

function literalRule(id: string, cel: string, message: string, holds: (path: string) => boolean): Rule {
  return rule<HTTPPathMatch>(id, `${IS_LITERAL} ? ${cel} : true`, message, (self) => !isLiteral(self) || holds(self.value))
}

function isLiteral(match: HTTPPathMatch): boolean {
  return match.type === 'Exact' || match.type === 'PathPrefix'
}
