import type { CertificateSecretOptions } from '../../k8s/certificate-secret.js'
import { RATE_LIMIT_GROUP } from '../../xds/rate-limit-group.js'
import { groupUri } from '../../xds/server/client-identity.js'
import { RATE_LIMIT_CERTIFICATE_LIFETIME_MS } from '../../xds/server/tls/certificate-rotation.js'
import { type CertificatePair, issueCertificate } from '../../xds/server/tls/certificates.js'
import type { ClusterAccess } from './access.js'

const RATE_LIMIT_SECRET = 'headgate-rate-limits'

/** The Secret by which the rate limit service proves who it is. */
export function rateLimitIdentity({ edge, authority }: ClusterAccess, namespace: string): CertificateSecretOptions {
  return {
    ...edge,
    namespace,
    name: RATE_LIMIT_SECRET,
    authority: authority.certificate,
    issue: () => rateLimitCertificate(authority),
    restartsReaders: true,
  }
}

/** Lets its owner ask for the limits of policies, and for nothing else. */
function rateLimitCertificate(authority: CertificatePair): CertificatePair {
  const uris = [groupUri(RATE_LIMIT_GROUP)]
  const request = { commonName: 'rate limit service', uris, usage: 'client', lifetimeMs: RATE_LIMIT_CERTIFICATE_LIFETIME_MS } as const
  return issueCertificate(authority, request, new Date())
}
