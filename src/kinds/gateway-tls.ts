/**
 * TLS of listeners, and of a Gateway towards clients and backends.
 *
 * Source: Gateway API v1.7.0, `ListenerTLSConfig` and `GatewayTLSConfig` (GEP-91, GEP-3155).
 */
import type { ListenerTLSConfig, ObjectReference, TLSPortConfig } from '../gen/kinds.js'
import { list, listBy, mapOf, object, oneOf, optional, required, rule } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'
import { objectReference, secretObjectReference } from './references.js'
import { annotationValue, portNumber } from './strings.js'

/** TLS of one listener. */
export const listenerTls: ObjectSchema = object(
  'ListenerTLSConfig',
  'How a listener speaks TLS.',
  {
    mode: optional(oneOf(['Terminate', 'Passthrough'], { name: 'TLSModeType' }), 'Whether TLS ends here or at the backend.', {
      default: 'Terminate',
    }),
    certificateRefs: optional(list(secretObjectReference, { maxItems: 64 }), 'The certificates to offer.'),
    options: optional(mapOf(annotationValue, { maxProperties: 16 }), 'Settings of an implementation, with domain-prefixed keys.'),
  },
  {
    rules: [
      rule<ListenerTLSConfig>(
        'terminate-has-certificate-or-options',
        "self.mode == 'Terminate' ? size(self.certificateRefs) > 0 || size(self.options) > 0 : true",
        'certificateRefs or options must be specified when mode is Terminate',
        (self) => self.mode !== 'Terminate' || (self.certificateRefs ?? []).length > 0 || Object.keys(self.options ?? {}).length > 0,
      ),
    ],
  },
)

/** How certificates of clients are checked. */
const frontendValidation: ObjectSchema = object('FrontendTLSValidation', 'How certificates of clients are checked.', {
  caCertificateRefs: required(
    list(objectReference, {
      minItems: 1,
      maxItems: 16,
      rules: [
        rule<readonly ObjectReference[]>(
          'trust-bundle-has-no-namespace',
          "self.all(r, !(r.group == 'certificates.k8s.io' && r.kind == 'ClusterTrustBundle' && has(r.namespace)))",
          'ClusterTrustBundle references must not specify namespace',
          (refs) =>
            refs.every((ref) => !(ref.group === 'certificates.k8s.io' && ref.kind === 'ClusterTrustBundle' && ref.namespace !== undefined)),
          { channel: 'experimental' },
        ),
      ],
    }),
    'Where the trusted authorities are: ConfigMaps with a `ca.crt`, or ClusterTrustBundles.',
  ),
  mode: optional(
    oneOf(['AllowValidOnly', 'AllowInsecureFallback'], { name: 'FrontendValidationModeType' }),
    'Whether clients without a valid certificate are refused.',
    { default: 'AllowValidOnly' },
  ),
})

const tlsConfig: ObjectSchema = object('TLSConfig', 'TLS towards clients.', {
  validation: optional(frontendValidation, 'How certificates of clients are checked; they are not asked for when left out.'),
})

const tlsPortConfig: ObjectSchema = object('TLSPortConfig', 'TLS towards clients of one port.', {
  port: required(portNumber, 'The port.'),
  tls: required(tlsConfig, 'TLS of all HTTPS listeners of the port.'),
})

const frontendTls: ObjectSchema = object('FrontendTLSConfig', 'TLS towards clients.', {
  default: required(tlsConfig, 'TLS of the HTTPS listeners of all ports that `perPort` does not name.'),
  perPort: optional(
    listBy(['port'], tlsPortConfig, {
      maxItems: 64,
      rules: [
        rule<readonly TLSPortConfig[]>(
          'tls-ports-unique',
          'self.all(t1, self.exists_one(t2, t1.port == t2.port))',
          'Port for TLS configuration must be unique within the Gateway',
          (ports) => new Set(ports.map((each) => each.port)).size === ports.length,
        ),
      ],
    }),
    'TLS of single ports.',
  ),
})

const backendTls: ObjectSchema = object('GatewayBackendTLS', 'TLS towards backends.', {
  clientCertificateRef: optional(secretObjectReference, 'The certificate that the Gateway shows to backends.'),
})

/** TLS of a Gateway towards both sides. */
export const gatewayTls: ObjectSchema = object('GatewayTLSConfig', 'TLS of a Gateway towards clients and backends.', {
  backend: optional(backendTls, 'TLS towards backends.'),
  frontend: optional(frontendTls, 'TLS towards clients.'),
})
