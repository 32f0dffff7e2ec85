/** The filter that changes headers, as others need it: each place in the chain names it for what it does there. */
import type { envoy } from '../../../gen/envoy/types.js'
import { any } from '../../message.js'
import type { RouteFilter } from './slot.js'

type Mutation = envoy.config.common.mutation_rules.v3.HeaderMutation

/** Changes headers of requests on their way in, or of answers on their way out. */
export function headerMutationFilter(
  name: string,
  mutations: { readonly requestMutations: readonly Mutation[] } | { readonly responseMutations: readonly Mutation[] },
): RouteFilter {
  return { name, typedConfig: any('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', { mutations }) }
}

/** Takes headers away from requests. */
export function headerRemoval(name: string, headers: readonly string[]): RouteFilter {
  return headerMutationFilter(name, { requestMutations: headers.map((remove) => ({ remove })) })
}
