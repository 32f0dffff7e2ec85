import type { envoy } from '../../gen/envoy/types.js'
import { type ResourceReference, TYPE_URL } from '../resource.js'
import { ADS } from './config-source.js'

/** Names a secret that arrives over the ADS stream. */
export function sdsSecret(name: string): envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig {
  return { name, sdsConfig: ADS }
}

/** The reference to a secret. */
export function secretReference(name: string): ResourceReference {
  return { typeUrl: TYPE_URL.secret, name }
}
