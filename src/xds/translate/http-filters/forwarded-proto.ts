/**
 * The header `x-forwarded-proto` where only some are trusted to write `x-forwarded-for`: who is none of them does not say how a request
 * came. Envoy looks after that by itself only where everybody or nobody is trusted.
 */
import type { envoy, google } from '../../../gen/envoy/types.js'
import type { ClientAddress } from '../../../ir/client.js'
import { any } from '../../message.js'
import { cidrRange } from '../address-ranges.js'
import { headerMutation } from '../client-header-mutations.js'
import { SKIP_FILTER } from '../matching.js'
import { headerMutationFilter } from './header-mutation.js'

type Matcher = NonNullable<envoy.extensions.common.matching.v3.ExtensionWithMatcher['xdsMatcher']>

/** The filter; it writes the scheme of the connection, unless the connection comes from one of the ranges. */
export function forwardedProto(
  { ranges }: Extract<ClientAddress, { readonly from: 'trustedRanges' }>,
  isEncrypted: boolean,
): google.protobuf.Any {
  const isTrusted: Matcher = {
    matcherList: {
      matchers: [
        {
          predicate: {
            singlePredicate: {
              input: {
                name: 'direct-source-ip',
                typedConfig: any('envoy.extensions.matching.common_inputs.network.v3.DirectSourceIPInput', {}),
              },
              customMatch: {
                name: 'ip',
                typedConfig: any('envoy.extensions.matching.input_matchers.ip.v3.Ip', {
                  cidrRanges: ranges.map(cidrRange),
                  statPrefix: 'trusted_proxies',
                }),
              },
            },
          },
          onMatch: SKIP_FILTER,
        },
      ],
    },
  }
  const header = { name: 'x-forwarded-proto', value: isEncrypted ? 'https' : 'http' }
  return any('envoy.extensions.common.matching.v3.ExtensionWithMatcher', {
    xdsMatcher: isTrusted,
    extensionConfig: headerMutationFilter('envoy.filters.http.header_mutation', {
      requestMutations: [headerMutation({ do: 'set', header })],
    }),
  })
}
