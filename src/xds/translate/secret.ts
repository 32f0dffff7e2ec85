/** Key material, delivered over SDS. */
import type { envoy } from '../../gen/envoy/types.js'
import type { SecretMaterial } from '../../ir/tls.js'
import { type EncodedResource, TYPE_URL } from '../resource.js'
import { encodeResource } from './encoded.js'

type Secret = envoy.extensions.transport_sockets.tls.v3.Secret

/** The message, with the key in clear: only for the wire. */
export function buildSecret(secret: SecretMaterial): Secret {
  return { name: secret.name, ...content(secret) }
}

/** The secret ready for the wire. */
export function encodeSecret(secret: SecretMaterial): EncodedResource {
  return encodeResource('envoy.extensions.transport_sockets.tls.v3.Secret', buildSecret(secret), {
    typeUrl: TYPE_URL.secret,
    name: secret.name,
    origins: secret.origins,
    references: [],
  })
}

function content(secret: SecretMaterial): Secret {
  switch (secret.kind) {
    case 'certificate':
      return {
        tlsCertificate: { certificateChain: { inlineString: secret.chain }, privateKey: { inlineString: secret.privateKey.reveal() } },
      }
    case 'trust':
      return {
        validationContext: {
          trustedCa: { inlineString: secret.authorities },
          ...(secret.revoked === undefined ? {} : { crl: { inlineString: secret.revoked } }),
        },
      }
    case 'text':
      return { genericSecret: { secret: { inlineString: secret.text.reveal() } } }
  }
}
