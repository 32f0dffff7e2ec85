import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import type { HeaderMutation } from '../../ir/client.js'
import { any } from '../message.js'
import { textMatcher } from './text-match.js'

const ACTIONS = Enum['envoy.config.core.v3.HeaderValueOption.HeaderAppendAction']

const APPEND = {
  set: ACTIONS.OVERWRITE_IF_EXISTS_OR_ADD,
  add: ACTIONS.APPEND_IF_EXISTS_OR_ADD,
  addIfAbsent: ACTIONS.ADD_IF_ABSENT,
} as const

/** One change of headers. */
export function headerMutation(mutation: HeaderMutation): envoy.config.common.mutation_rules.v3.HeaderMutation {
  switch (mutation.do) {
    case 'remove':
      return { remove: mutation.name }
    case 'removeMatching':
      return { removeOnMatch: { keyMatcher: textMatcher(mutation.names) } }
    default: {
      const { name, value } = mutation.header
      return { append: { header: { key: name, value }, appendAction: APPEND[mutation.do], keepEmptyValue: true } }
    }
  }
}

/** Changes of headers before anything looks at a request; nothing for none. */
export function earlyHeaderMutations(mutations: readonly HeaderMutation[]): envoy.config.core.v3.TypedExtensionConfig[] {
  if (mutations.length === 0) return []
  return [
    {
      name: 'envoy.http.early_header_mutation.header_mutation',
      typedConfig: any('envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation', {
        mutations: mutations.map(headerMutation),
      }),
    },
  ]
}
