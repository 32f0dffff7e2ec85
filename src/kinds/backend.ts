/** Backend (headgate.dev): anything that requests can go to, inside a cluster or not. */
import type { BackendEndpoint, BackendSpec, BackendTLSSettings } from '../gen/kinds.js'
import { boolean, int32, list, object, oneOf, optional, required, rule, setOf, string } from '../schema/build.js'
import { isIP } from '../schema/ip.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'
import { conditions } from './conditions.js'
import { localObjectReference, secretObjectReference } from './references.js'
import { portNumber, preciseHostname } from './strings.js'
import { subjectAltName } from './subject-alt-name.js'
import { ALPN_PROTOCOLS, tlsAlgorithms } from './tls-algorithms.js'

const ipEndpoint: ObjectSchema = object('IPEndpoint', 'An IP address and a port.', {
  address: required(
    string({
      minLength: 2,
      maxLength: 45,
      rules: [rule<string>('ip-address', 'isIP(self)', 'must be an IPv4 or IPv6 address', isIP)],
    }),
    'An IPv4 or IPv6 address.',
  ),
  port: required(portNumber, 'The port.'),
})

const fqdnEndpoint: ObjectSchema = object('FQDNEndpoint', 'A DNS name and a port.', {
  hostname: required(preciseHostname, 'The DNS name; it is looked up again as its records expire.'),
  port: required(portNumber, 'The port.'),
})

const unixSocket: ObjectSchema = object('UnixSocket', 'A Unix domain socket.', {
  path: required(
    // The kernel takes 108 bytes with the closing zero.
    string({ minLength: 2, maxLength: 107, pattern: '^/' }),
    'The absolute path of the socket, as the proxy sees it.',
  ),
})

const endpoint: ObjectSchema = object(
  'BackendEndpoint',
  'One place that requests can go to: exactly one of `ip`, `fqdn` and `unix`.',
  {
    ip: optional(ipEndpoint, 'An IP address and a port.'),
    fqdn: optional(fqdnEndpoint, 'A DNS name and a port.'),
    unix: optional(unixSocket, 'A Unix domain socket.'),
    weight: optional(int32({ minimum: 1, maximum: 1000 }), 'Share of the requests, relative to the other endpoints of its priority.', {
      default: 1,
    }),
    priority: optional(
      int32({ minimum: 0, maximum: 15 }),
      'Requests go to the lowest number whose endpoints are healthy; higher numbers are for failover.',
      { default: 0 },
    ),
    zone: optional(string({ minLength: 1, maxLength: 63 }), 'The zone that the endpoint is in.'),
    hostname: optional(
      preciseHostname,
      'The host that the endpoint is asked for where a filter takes it from the endpoint (`urlRewrite.hostname.type: Backend`), and by TLS where `tls.hostname` is left out; its DNS name when left out.',
    ),
  },
  {
    rules: [
      rule<BackendEndpoint>(
        'one-kind-of-address',
        '(has(self.ip) ? 1 : 0) + (has(self.fqdn) ? 1 : 0) + (has(self.unix) ? 1 : 0) == 1',
        'exactly one of ip, fqdn and unix must be set',
        (self) => [self.ip, self.fqdn, self.unix].filter((each) => each !== undefined).length === 1,
      ),
    ],
  },
)

const TLS_VERSIONS = ['1.0', '1.1', '1.2', '1.3'] as const

const tls: ObjectSchema = object(
  'BackendTLSSettings',
  'TLS towards the endpoints.',
  {
    caCertificateRefs: optional(
      list(localObjectReference, { maxItems: 16 }),
      'Where the trusted authorities are: ConfigMaps or Secrets with a `ca.crt`.',
    ),
    wellKnownCACertificates: optional(oneOf(['System'], { name: 'WellKnownCACertificatesType' }), 'Trust the authorities of the system.'),
    hostname: optional(
      preciseHostname,
      'The name that is asked for (SNI) and that the certificate must carry; the `hostname` or DNS name of each endpoint when left out.',
    ),
    subjectAltNames: optional(
      list(subjectAltName, { maxItems: 5 }),
      'Names of which the certificate must carry one, instead of `hostname`.',
    ),
    clientCertificateRef: optional(secretObjectReference, 'The certificate that is shown to the endpoints.'),
    insecureSkipVerify: optional(boolean(), 'Takes any certificate: only for tests.', { default: false }),
    minVersion: optional(oneOf(TLS_VERSIONS, { name: 'BackendTLSVersion' }), 'The lowest version; 1.2 when left out.'),
    maxVersion: optional(oneOf(TLS_VERSIONS, { name: 'BackendTLSVersion' }), 'The highest version; 1.3 when left out.'),
    ...tlsAlgorithms('the endpoints'),
    alpnProtocols: optional(
      list(oneOf(ALPN_PROTOCOLS, { name: 'ALPNProtocol' }), { minItems: 1, maxItems: ALPN_PROTOCOLS.length }),
      'What is offered to be spoken inside, in the order of preference; what `appProtocols` say when left out.',
    ),
  },
  {
    rules: [
      rule<BackendTLSSettings>(
        'trust-is-stated-once',
        'self.insecureSkipVerify ? !has(self.caCertificateRefs) && !has(self.wellKnownCACertificates) : (has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0) != has(self.wellKnownCACertificates)',
        'exactly one of caCertificateRefs, wellKnownCACertificates and insecureSkipVerify must be set',
        (self) =>
          self.insecureSkipVerify
            ? self.caCertificateRefs === undefined && self.wellKnownCACertificates === undefined
            : (self.caCertificateRefs ?? []).length > 0 !== (self.wellKnownCACertificates !== undefined),
      ),
      rule<BackendTLSSettings>(
        'backend-tls-min-not-above-max',
        '!has(self.minVersion) || !has(self.maxVersion) || self.minVersion <= self.maxVersion',
        'minVersion must not be above maxVersion',
        (self) => self.minVersion === undefined || self.maxVersion === undefined || self.minVersion <= self.maxVersion,
      ),
    ],
  },
)

const dynamicResolver: ObjectSchema = object('DynamicResolver', 'Sends each request to the host that it names.', {
  allowPrivateAddresses: optional(
    boolean(),
    'Whether hosts may be inside: addresses that are private, of the proxy itself, of its link or reserved. Whoever sends requests can reach them then.',
    { default: false },
  ),
})

const spec: ObjectSchema = object(
  'BackendSpec',
  'Where requests go, and what is spoken there.',
  {
    type: optional(
      oneOf(['Endpoints', 'DynamicResolver'], { name: 'BackendType' }),
      'Whether requests go to `endpoints`, or to the host that each names: its name is looked up. Only HTTP and gRPC name one.',
      { default: 'Endpoints' },
    ),
    dynamicResolver: optional(dynamicResolver, 'More about `DynamicResolver`.'),
    endpoints: optional(
      list(endpoint, {
        minItems: 1,
        maxItems: 64,
        rules: [
          rule<readonly BackendEndpoint[]>(
            'names-and-sockets-apart',
            '!(self.exists(e, has(e.fqdn)) && self.exists(e, has(e.unix)))',
            'fqdn and unix endpoints cannot stand in one Backend',
            (self) => !(self.some((each) => each.fqdn !== undefined) && self.some((each) => each.unix !== undefined)),
          ),
        ],
      }),
      'The places that requests can go to, for `Endpoints`.',
    ),
    appProtocols: optional(
      setOf(oneOf(['http', 'https', 'kubernetes.io/h2c', 'kubernetes.io/ws', 'kubernetes.io/wss'], { name: 'AppProtocol' }), {
        maxItems: 5,
      }),
      'What the endpoints speak, in the words of `appProtocol` of a Service; HTTP/1.1 when left out.',
    ),
    tls: optional(tls, 'TLS towards the endpoints; plain text when left out.'),
  },
  {
    rules: [
      rule<BackendSpec>(
        'endpoints-unless-dynamic',
        "(self.type == 'Endpoints') == has(self.endpoints) && (!has(self.dynamicResolver) || self.type == 'DynamicResolver')",
        'set endpoints for the type Endpoints, and dynamicResolver only for the type DynamicResolver',
        (self) =>
          (self.type === 'Endpoints') === (self.endpoints !== undefined) &&
          (self.dynamicResolver === undefined || self.type === 'DynamicResolver'),
      ),
    ],
  },
)

/** Backend: anything that requests can go to. */
export const backend: KindDefinition = {
  kind: 'Backend',
  group: 'headgate.dev',
  versions: ['v1alpha1'],
  plural: 'backends',
  shortNames: ['hgbackend'],
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: true,
  columns: [
    { name: 'Accepted', type: 'string', jsonPath: '.status.conditions[?(@.type=="Accepted")].status' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: object('Backend', 'Anything that a route can send requests to: IP addresses, DNS names or Unix sockets.', {
    spec: required(spec, 'Where requests go, and what is spoken there.'),
    status: optional(
      object('BackendStatus', 'What the controller says of a Backend.', { conditions: optional(conditions(), 'What is true about it.') }),
      'What the controller says of it.',
    ),
  }),
}
