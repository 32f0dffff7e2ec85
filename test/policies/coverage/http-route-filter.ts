/** Fields of Envoy Gateway's HTTPRouteFilter and where ours are. */
import { type FieldTable, SAME } from './field-table.js'

/** By the path below `spec` of theirs. */
export const HTTP_ROUTE_FILTER_FIELDS: FieldTable = {
  theirs: 'HTTPRouteFilter',
  ours: 'HTTPRouteFilter',
  fields: {
    'urlRewrite.hostname.type': SAME,
    'urlRewrite.hostname.header': SAME,
    'urlRewrite.hostname.pathRegex.pattern': SAME,
    'urlRewrite.hostname.pathRegex.substitution': SAME,
    'urlRewrite.path.type': SAME,
    'urlRewrite.path.replaceRegexMatch.pattern': SAME,
    'urlRewrite.path.replaceRegexMatch.substitution': SAME,
    'urlRewrite.appendXForwardedHost': SAME,
    'directResponse.contentType': SAME,
    'directResponse.body.type': SAME,
    'directResponse.body.inline': SAME,
    'directResponse.body.valueRef': SAME,
    'directResponse.statusCode': SAME,
    'directResponse.header': SAME,
    'credentialInjection.header': SAME,
    'credentialInjection.overwrite': SAME,
    'credentialInjection.credential.valueRef': SAME,
    'matches.cookies.type': SAME,
    'matches.cookies.name': SAME,
    'matches.cookies.value': SAME,
  },
}
