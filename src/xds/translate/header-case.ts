import type { envoy } from '../../gen/envoy/types.js'
import { any } from '../message.js'

/** Names of headers keep the case in which they came, where both sides of the proxy say so. */
export const PRESERVE_CASE: envoy.config.core.v3.Http1ProtocolOptions.HeaderKeyFormat = {
  statefulFormatter: {
    name: 'envoy.http.stateful_header_formatters.preserve_case',
    typedConfig: any('envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig', {}),
  },
}
