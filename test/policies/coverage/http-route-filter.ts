/** Fields of Envoy Gateway's HTTPRouteFilter and where ours are. */
import { type FieldTable, OPEN } from './field-table.js'

/** By the path below `spec` of theirs. */
export const HTTP_ROUTE_FILTER_FIELDS: FieldTable = {
  theirs: 'HTTPRouteFilter',
  ours: 'HTTPRouteFilter',
  fields: {
    'urlRewrite.hostname.type': OPEN,
    'urlRewrite.hostname.header': OPEN,
    'urlRewrite.hostname.pathRegex.pattern': OPEN,
    'urlRewrite.hostname.pathRegex.substitution': OPEN,
    'urlRewrite.path.type': OPEN,
    'urlRewrite.path.replaceRegexMatch.pattern': OPEN,
    'urlRewrite.path.replaceRegexMatch.substitution': OPEN,
    'urlRewrite.appendXForwardedHost': OPEN,
    'directResponse.contentType': OPEN,
    'directResponse.body.type': OPEN,
    'directResponse.body.inline': OPEN,
    'directResponse.body.valueRef': OPEN,
    'directResponse.statusCode': OPEN,
    'directResponse.header': OPEN,
    'credentialInjection.header': OPEN,
    'credentialInjection.overwrite': OPEN,
    'credentialInjection.credential.valueRef': OPEN,
    'matches.cookies.type': OPEN,
    'matches.cookies.name': OPEN,
    'matches.cookies.value': OPEN,
  },
}
