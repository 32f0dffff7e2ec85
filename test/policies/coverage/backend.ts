/** Fields of Envoy Gateway's Backend and where ours are. */
import { type FieldTable, OPEN } from './field-table.js'

/** By the path below `spec` of theirs. */
export const BACKEND_FIELDS: FieldTable = {
  theirs: 'Backend',
  ours: 'Backend',
  fields: {
    type: OPEN,
    'endpoints.hostname': OPEN,
    'endpoints.fqdn.hostname': OPEN,
    'endpoints.fqdn.port': OPEN,
    'endpoints.ip.address': OPEN,
    'endpoints.ip.port': OPEN,
    'endpoints.unix.path': OPEN,
    'endpoints.zone': OPEN,
    appProtocols: OPEN,
    fallback: OPEN,
    'tls.caCertificateRefs': OPEN,
    'tls.wellKnownCACertificates': OPEN,
    'tls.insecureSkipVerify': OPEN,
    'tls.sni': OPEN,
    'tls.autoSNIFromEndpointHostname': OPEN,
    'tls.clientCertificateRef': OPEN,
    'tls.minVersion': OPEN,
    'tls.maxVersion': OPEN,
    'tls.ciphers': OPEN,
    'tls.ecdhCurves': OPEN,
    'tls.signatureAlgorithms': OPEN,
    'tls.alpnProtocols': OPEN,
    'tls.fingerprints': OPEN,
  },
}
