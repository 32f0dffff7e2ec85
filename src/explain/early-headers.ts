/**
 * What a listener changes in the headers of a request before a route is looked for.
 *
 * Source: envoy/extensions/http/early_header_mutation/header_mutation/v3, and envoy/config/common/mutation_rules/v3, HeaderMutation.
 */
import { Enum } from '../gen/envoy/enums.js'
import type { envoy } from '../gen/envoy/types.js'
import { textMatches } from './text-match.js'
import { unpack } from './unpack.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
type HeaderMutation = envoy.config.common.mutation_rules.v3.HeaderMutation
type Headers = readonly (readonly [name: string, value: string])[]

const EARLY = 'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation'
const ACTION = Enum['envoy.config.core.v3.HeaderValueOption.HeaderAppendAction']

/** Changes of headers, in their order. */
export function earlyMutations({ earlyHeaderMutationExtensions = [] }: HttpConnectionManager): readonly HeaderMutation[] {
  return earlyHeaderMutationExtensions.flatMap(({ typedConfig }) => unpack(EARLY, typedConfig).mutations ?? [])
}

/** The headers after the changes. A value that Envoy puts together, such as `%START_TIME%`, stays as it is written. */
export function mutateHeaders(headers: Headers, mutations: readonly HeaderMutation[]): Headers {
  return mutations.reduce(mutate, headers)
}

function mutate(headers: Headers, { remove, removeOnMatch, append }: HeaderMutation): Headers {
  if (remove !== undefined) return headers.filter(([name]) => name.toLowerCase() !== remove.toLowerCase())
  const matcher = removeOnMatch?.keyMatcher
  if (matcher !== undefined) return headers.filter(([name]) => !textMatches(matcher, name.toLowerCase()))
  const { key = '', value = '' } = append?.header ?? {}
  if (key === '') return headers
  const others = headers.filter(([name]) => name.toLowerCase() !== key.toLowerCase())
  const isThere = others.length < headers.length
  const changed = [key, value.replaceAll('%%', '%')] as const
  switch (append?.appendAction ?? ACTION.APPEND_IF_EXISTS_OR_ADD) {
    case ACTION.ADD_IF_ABSENT:
      return isThere ? headers : [...headers, changed]
    case ACTION.OVERWRITE_IF_EXISTS_OR_ADD:
      return [...others, changed]
    case ACTION.OVERWRITE_IF_EXISTS:
      return isThere ? [...others, changed] : headers
    default:
      return [...headers, changed]
  }
}
