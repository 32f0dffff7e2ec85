import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'

/**
 * "Over the ADS stream": where every subscription of ours comes from. Its bytes must never change: Envoy identifies a subscription by
 * them, and another byte in a cluster's source replaces the cluster with all its connections.
 */
export const ADS: envoy.config.core.v3.ConfigSource = {
  ads: {},
  resourceApiVersion: Enum['envoy.config.core.v3.ApiVersion'].V3,
}
