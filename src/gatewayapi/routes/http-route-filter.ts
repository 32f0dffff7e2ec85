/** HTTPRouteFilter of our own group: what a filter of type ExtensionRef leads to. */
import type {
  ExtendedURLRewrite,
  HTTPCredentialInjectionFilter,
  HTTPDirectResponseFilter,
  HTTPRouteFilter,
  LocalObjectReference,
} from '../../gen/kinds.js'
import type { HostSource } from '../../ir/forward.js'
import { isOfConnection } from '../../ir/framing-headers.js'
import type { HeaderChanges } from '../../ir/headers.js'
import type { PathChange } from '../../ir/path-change.js'
import type { CredentialInjection, DirectResponse, ValueMatch } from '../../ir/route.js'
import { type ObjectVersion, objectKey, objectVersion } from '../../util/object-ref.js'
import { textName } from '../materials/material-names.js'
import { referredMaterial } from '../materials/referred-material.js'
import { regularExpressionProblem, substitutionProblem } from '../regular-expressions.js'
import { servedVersion } from '../served-version.js'
import { framingHeader, headerChanges } from './header-changes.js'
import { responseBody } from './response-body.js'
import type { RuleContext } from './rule-context.js'

/** What an HTTPRouteFilter adds to a rule. */
export interface FilterExtension {
  readonly directResponse?: DirectResponse
  readonly responseHeaders?: HeaderChanges
  readonly hostFrom?: HostSource
  readonly tellsHost?: true
  readonly pathRewrite?: PathChange
  readonly credential?: CredentialInjection
  /** Sets of cookies of which a request must carry one. */
  readonly cookies?: readonly (readonly ValueMatch[])[]
}

/** What a reference leads to, or why nothing can be done with it: then the filter must not be skipped. */
export type FoundExtension =
  | { readonly ok: true; readonly origin: ObjectVersion; readonly extension: FilterExtension }
  | { readonly ok: false; readonly message: string; readonly origin?: ObjectVersion }

const GROUP = 'headgate.dev'
const KIND = 'HTTPRouteFilter'
/** The key of a Secret that holds a credential. */
const CREDENTIAL_KEY = 'credential'

/** True for references that this file follows. */
export function isHttpRouteFilter({ group, kind }: LocalObjectReference): boolean {
  return group === GROUP && kind === KIND
}

/** Follows a reference of the route. */
export function findHttpRouteFilter(context: RuleContext, { name }: LocalObjectReference): FoundExtension {
  const { view, inputs, route } = context
  const key = objectKey(route.namespace, name)
  const object = view.get(inputs.kind('HTTPRouteFilter'), key)
  if (object === undefined) return { ok: false, message: `The ${KIND} "${key}" does not exist.` }
  const quarantine = view.get(inputs.quarantines, `${KIND}/${key}`)
  const served = servedVersion(object, quarantine)
  const origin = objectVersion(object)
  if (served.isRefused) return { ok: false, origin, message: `Envoy refused the ${KIND} "${key}": ${quarantine?.message ?? ''}` }
  const read = extensionOf(context, served.object)
  return typeof read === 'string' ? { ok: false, origin, message: `The ${KIND} "${key}": ${read}` } : { ok: true, origin, extension: read }
}

/** What the object says, or what is wrong with it. */
function extensionOf(context: RuleContext, filter: HTTPRouteFilter): FilterExtension | string {
  const { urlRewrite, directResponse, credentialInjection, matches } = filter.spec
  const parts = [
    urlRewrite === undefined ? {} : rewriteOf(urlRewrite),
    directResponse === undefined ? {} : responseOf(context, directResponse),
    credentialInjection === undefined ? {} : credentialOf(context, objectVersion(filter), credentialInjection),
    matches === undefined ? {} : cookiesOf(matches),
  ]
  const wrong = parts.find((part) => typeof part === 'string')
  return wrong ?? Object.assign({}, ...parts.filter((part) => typeof part !== 'string'))
}

function rewriteOf({ hostname, path, appendXForwardedHost }: ExtendedURLRewrite): FilterExtension | string {
  const ofPath = path?.replaceRegexMatch
  const expressions = [
    ['spec.urlRewrite.hostname.pathRegex', hostname?.pathRegex],
    ['spec.urlRewrite.path.replaceRegexMatch', ofPath],
  ] as const
  for (const [at, expression] of expressions) {
    if (expression === undefined) continue
    const problem = regularExpressionProblem(expression.pattern)
    if (problem !== undefined) return `${at}.pattern: the regular expression ${problem}.`
    const wrong = substitutionProblem(expression.pattern, expression.substitution)
    if (wrong !== undefined) return `${at}.substitution: ${wrong}.`
  }
  return {
    ...(hostname === undefined ? {} : { hostFrom: hostSource(hostname) }),
    ...(appendXForwardedHost ? { tellsHost: true } : {}),
    ...(ofPath === undefined ? {} : { pathRewrite: { kind: 'regex', ...ofPath } }),
  }
}

function hostSource({ type, header, pathRegex }: NonNullable<ExtendedURLRewrite['hostname']>): HostSource {
  switch (type) {
    case 'Header':
      return { kind: 'header', name: (header ?? '').toLowerCase() }
    case 'Backend':
      return { kind: 'backend' }
    case 'PathRegex':
      return { kind: 'path', pattern: pathRegex?.pattern ?? '', substitution: pathRegex?.substitution ?? '' }
  }
}

function responseOf(context: RuleContext, { statusCode, contentType, body, header }: HTTPDirectResponseFilter): FilterExtension | string {
  const text = body === undefined ? undefined : responseBody(context.view, context.inputs, context.route.namespace, body)
  if (text?.ok === false) return `spec.directResponse.body: ${text.message}`
  const responseHeaders = headerChanges(header)
  const framing = framingHeader(responseHeaders)
  if (framing !== undefined)
    return `spec.directResponse.header: "${framing}" says where an answer ends or what becomes of its connection, and is not written here.`
  return {
    directResponse: {
      kind: 'directResponse',
      statusCode,
      ...(text === undefined ? {} : { body: text.value }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(body?.isTemplate === true ? { isTemplate: true } : {}),
    },
    ...(header === undefined ? {} : { responseHeaders }),
  }
}

function credentialOf(
  context: RuleContext,
  owner: ObjectVersion,
  { header, overwrite, credential: { valueRef } }: HTTPCredentialInjectionFilter,
): FilterExtension | string {
  if (isOfConnection(header.toLowerCase()))
    return `spec.credentialInjection.header: "${header}" is a header of the connection: use another one.`
  const { name: secret, problem } = referredMaterial(context.view, context, owner, valueRef, {
    name: textName(valueRef, owner.namespace, CREDENTIAL_KEY),
    holds: 'a credential: use a Secret',
    reason: 'InvalidRef',
  })
  if (secret === undefined) return `spec.credentialInjection.credential.valueRef: ${problem?.message ?? ''}`
  return { credential: { secret, header: header.toLowerCase(), overwrite } }
}

function cookiesOf(matches: NonNullable<HTTPRouteFilter['spec']['matches']>): FilterExtension | string {
  for (const [at, { cookies }] of matches.entries()) {
    for (const [index, { type, value }] of cookies.entries()) {
      const problem = type === 'RegularExpression' ? regularExpressionProblem(value) : undefined
      if (problem !== undefined) return `spec.matches[${at}].cookies[${index}].value: the regular expression ${problem}.`
    }
  }
  return {
    cookies: matches.map(({ cookies }) =>
      cookies.map(({ type, name, value }): ValueMatch => ({ name, kind: type === 'RegularExpression' ? 'regex' : 'exact', value })),
    ),
  }
}
