import type { envoy } from '../../../gen/envoy/types.js'
import { any } from '../../message.js'

const NAME = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'

/** What a cluster says about the HTTP that is spoken there: an extension, by the name of its message. */
export function httpProtocolOptions(
  options: envoy.extensions.upstreams.http.v3.HttpProtocolOptions,
): Pick<envoy.config.cluster.v3.Cluster, 'typedExtensionProtocolOptions'> {
  return { typedExtensionProtocolOptions: { [NAME]: any(NAME, options) } }
}
