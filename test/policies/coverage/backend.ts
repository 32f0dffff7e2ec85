/** Fields of Envoy Gateway's Backend and where ours are. */
import { FINGERPRINTS, type FieldTable, SAME } from './field-table.js'

/** By the path below `spec` of theirs. */
export const BACKEND_FIELDS: FieldTable = {
  theirs: 'Backend',
  ours: 'Backend',
  fields: {
    type: SAME,
    'endpoints.hostname': SAME,
    'endpoints.fqdn.hostname': SAME,
    'endpoints.fqdn.port': SAME,
    'endpoints.ip.address': SAME,
    'endpoints.ip.port': SAME,
    'endpoints.unix.path': SAME,
    'endpoints.zone': SAME,
    appProtocols: SAME,
    fallback: 'endpoints.priority',
    'tls.caCertificateRefs': SAME,
    'tls.wellKnownCACertificates': SAME,
    'tls.insecureSkipVerify': SAME,
    'tls.sni': 'tls.hostname',
    'tls.autoSNIFromEndpointHostname': 'endpoints.fqdn.hostname',
    'tls.clientCertificateRef': SAME,
    'tls.minVersion': SAME,
    'tls.maxVersion': SAME,
    'tls.ciphers': SAME,
    'tls.ecdhCurves': SAME,
    'tls.signatureAlgorithms': SAME,
    'tls.alpnProtocols': SAME,
    'tls.fingerprints': { exception: FINGERPRINTS },
  },
}
