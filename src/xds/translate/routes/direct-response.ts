import type { envoy } from '../../../gen/envoy/types.js'
import { isBodiless } from '../../../ir/bodiless.js'
import type { DirectResponse } from '../../../ir/route.js'
import { responseHeader } from '../header-mutations.js'

type Route = envoy.config.route.v3.Route

/** The action and the header of an answer that needs no backend. */
export function directResponse({ statusCode, body, contentType, isTemplate }: Omit<DirectResponse, 'kind'>): {
  readonly directResponse: envoy.config.route.v3.DirectResponseAction
  readonly responseHeadersToAdd?: Route['responseHeadersToAdd'] & object
} {
  return {
    directResponse: { status: statusCode, ...(body === undefined || isBodiless(statusCode) ? {} : bodyOf(body, isTemplate === true)) },
    ...(contentType === undefined ? {} : { responseHeadersToAdd: [responseHeader('content-type', contentType)] }),
  }
}

function bodyOf(body: string, isTemplate: boolean): envoy.config.route.v3.DirectResponseAction {
  return isTemplate ? { bodyFormat: { textFormatSource: { inlineString: body } } } : { body: { inlineString: body } }
}
