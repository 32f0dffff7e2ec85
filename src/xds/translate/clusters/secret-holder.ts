/**
 * Clusters that nothing is sent to: they make a proxy subscribe to a secret text.
 *
 * A filter that a route brings finds a secret that the proxy has, but does not ask for it. The filters of a cluster do, and Envoy shares a
 * secret among all that name it in the same words.
 */
import { Enum } from '../../../gen/envoy/enums.js'
import type { google } from '../../../gen/envoy/types.js'
import type { TextMaterial } from '../../../ir/tls.js'
import { any } from '../../message.js'
import { type EncodedResource, type ResourceReference, TYPE_URL } from '../../resource.js'
import { encodeResource } from '../encoded.js'
import { sdsSecret, secretReference } from '../sds.js'
import { httpProtocolOptions } from './http-protocol-options.js'

const PREFIX = 'headgate_secret/'

/** What a route that needs a secret text refers to, so that the text is there when the route comes. */
export function heldSecret(secret: string): readonly ResourceReference[] {
  return [{ typeUrl: TYPE_URL.cluster, name: holderName(secret) }, secretReference(secret)]
}

/** The name of the cluster. */
export function holderName(secret: string): string {
  return `${PREFIX}${secret}`
}

/** The cluster ready for the wire. */
export function encodeSecretHolder({ name, origins }: TextMaterial): EncodedResource {
  const httpFilters = [
    { name: 'envoy.filters.http.credential_injector', typedConfig: credentialInjector(name) },
    { name: 'envoy.filters.http.upstream_codec', typedConfig: any('envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec', {}) },
  ]
  const cluster = {
    name: holderName(name),
    type: Enum['envoy.config.cluster.v3.Cluster.DiscoveryType'].STATIC,
    loadAssignment: { clusterName: holderName(name) },
    ...httpProtocolOptions({ explicitHttpConfig: { httpProtocolOptions: {} }, httpFilters }),
  }
  return encodeResource('envoy.config.cluster.v3.Cluster', cluster, {
    typeUrl: TYPE_URL.cluster,
    name: cluster.name,
    origins,
    references: [secretReference(name)],
  })
}

/** The filter that adds a secret text to requests. */
export function credentialInjector(secret: string, header?: string, overwrite = false): google.protobuf.Any {
  const generic = any('envoy.extensions.http.injected_credentials.generic.v3.Generic', {
    credential: sdsSecret(secret),
    ...(header === undefined ? {} : { header }),
  })
  return any('envoy.extensions.filters.http.credential_injector.v3.CredentialInjector', {
    overwrite,
    credential: { name: 'envoy.http.injected_credentials.generic', typedConfig: generic },
  })
}
