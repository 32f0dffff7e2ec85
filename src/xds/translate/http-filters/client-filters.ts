/**
 * Filters that a chain has because of what its policies for clients say. They stand before all others: routes say nothing about them, and
 * a change of the policy changes the chain anyway.
 */
import type { envoy } from '../../../gen/envoy/types.js'
import type { ClientSettings, HeaderMutation } from '../../../ir/client.js'
import type { HttpChain } from '../../../ir/port.js'
import { any, bool } from '../../message.js'
import { headerMutation } from '../client-header-mutations.js'
import { forwardedProto } from './forwarded-proto.js'
import { headerMutationFilter } from './header-mutation.js'

type ChainFilter = envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter

/** How long a client may believe that HTTP/3 is spoken: a day. */
const ALT_SVC_SECONDS = 86_400

/** The filters, in their order. */
export function clientFilters(
  { encrypted, http3Port }: Pick<HttpChain, 'encrypted' | 'http3Port'>,
  { address, lateResponseHeaders = [], healthCheckPath }: ClientSettings,
): readonly ChainFilter[] {
  const late = [...(http3Port === undefined ? [] : [announcedHttp3(http3Port)]), ...lateResponseHeaders]
  return [
    ...(address.from === 'trustedRanges' ? [{ name: 'headgate.forwarded_proto', typedConfig: forwardedProto(address, encrypted) }] : []),
    ...(late.length === 0 ? [] : [headerMutationFilter('headgate.late_response_headers', { responseMutations: late.map(headerMutation) })]),
    ...(healthCheckPath === undefined ? [] : [healthCheck(healthCheckPath)]),
  ]
}

function announcedHttp3(port: number): HeaderMutation {
  return { do: 'set', header: { name: 'alt-svc', value: `h3=":${port}"; ma=${ALT_SVC_SECONDS}` } }
}

/** Answers for the backends: who asks wants to know about the proxy. */
function healthCheck(path: string): ChainFilter {
  return {
    name: 'headgate.health_check',
    typedConfig: any('envoy.extensions.filters.http.health_check.v3.HealthCheck', {
      passThroughMode: bool(false),
      headers: [{ name: ':path', stringMatch: { exact: path } }],
    }),
  }
}
