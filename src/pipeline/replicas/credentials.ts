import { ChannelCredentials } from '@grpc/grpc-js'
import { LEAF_LIFETIME_MS } from '../../xds/server/tls/certificate-rotation.js'
import { type CertificatePair, issueCertificate } from '../../xds/server/tls/certificates.js'
import { replicaUri } from './identity.js'

/** By which a replica calls another one: a certificate with its name, and nobody else is believed than who has one of the same authority. */
export function replicaCredentials(authority: CertificatePair, replica: string): ChannelCredentials {
  const request = { commonName: replica, uris: [replicaUri(replica)], usage: 'client', lifetimeMs: LEAF_LIFETIME_MS } as const
  const own = issueCertificate(authority, request, new Date())
  return ChannelCredentials.createSsl(Buffer.from(authority.certificate), Buffer.from(own.privateKey), Buffer.from(own.certificate))
}
