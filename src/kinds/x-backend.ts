/** XBackend. Source: Gateway API v1.7.0, `apisx/v1alpha1/xbackend_types.go` (experimental). */
import type { XBackendSpec, XBackendTLS } from '../gen/kinds.js'
import { list, listBy, mapOf, object, oneOf, optional, required, rule, withRules } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import { isQualifiedName } from '../schema/qualified-name.js'
import type { Field, ObjectSchema } from '../schema/schema.js'
import { condition } from './conditions.js'
import { parentReference, secretObjectReference } from './references.js'
import { sessionPersistence } from './session-persistence.js'
import { controllerName, labelValue, portNumber, preciseHostname } from './strings.js'
import { backendTlsValidation } from './tls-validation.js'

const externalHostname: ObjectSchema = object('ExternalHostnameBackend', 'A DNS name outside of the cluster.', {
  hostname: required(
    withRules(
      preciseHostname,
      rule<string>(
        'hostname-outside-of-cluster',
        "!self.endsWith('.cluster.local')",
        'hostname must not be an IP address or end with .cluster.local',
        (self) => !self.endsWith('.cluster.local'),
      ),
    ),
    'The DNS name.',
  ),
})

const endpointSelector: ObjectSchema = object('EndpointSelectorBackend', 'Pods of the namespace, by their labels.', {
  matchLabels: required(
    mapOf(labelValue, {
      minProperties: 1,
      maxProperties: 64,
      rules: [
        rule<Readonly<Record<string, string>>>(
          'label-keys-qualified',
          'self.all(key, !format.qualifiedName().validate(key).hasValue())',
          'Label keys must be in the form of an optional DNS subdomain prefix not longer than 253 characters followed by a required name segment of up to 63 characters.',
          (self) => Object.keys(self).every(isQualifiedName),
        ),
      ],
    }),
    'Labels that the pods must have.',
  ),
})

const port: ObjectSchema = object(
  'XBackendPort',
  'A port.',
  { number: optional(portNumber, 'The number of the port.') },
  { minProperties: 1 },
)

const tls: ObjectSchema = object(
  'XBackendTLS',
  'TLS towards the backend.',
  {
    mode: required(oneOf(['None', 'ServerOnly', 'ClientAndServer'], { name: 'XBackendTLSMode' }), 'Who shows a certificate.'),
    clientCertificateRef: optional(secretObjectReference, 'The certificate that is shown to the backend.'),
    validation: optional(backendTlsValidation, "How the backend's certificate is checked."),
  },
  {
    rules: [
      rule<XBackendTLS>(
        'client-certificate-follows-mode',
        "self.mode == 'ClientAndServer' ? has(self.clientCertificateRef) : !has(self.clientCertificateRef)",
        'clientCertificateRef must be set if and only if mode is ClientAndServer',
        (self) => (self.mode === 'ClientAndServer') === (self.clientCertificateRef !== undefined),
      ),
      rule<XBackendTLS>(
        'validation-follows-mode',
        "self.mode == 'None' ? !has(self.validation) : has(self.validation)",
        'validation must be set if and only if mode is either ClientAndServer or ServerOnly',
        (self) => (self.mode !== 'None') === (self.validation !== undefined),
      ),
    ],
  },
)

const fields: Readonly<Record<string, Field>> = {
  type: required(oneOf(['ExternalHostname', 'EndpointSelector'], { name: 'XBackendType' }), 'What the backend is.'),
  port: required(port, 'The port of the backend.'),
  externalHostname: optional(externalHostname, 'The DNS name, for `type: ExternalHostname`.'),
  endpointSelector: optional(endpointSelector, 'The pods, for `type: EndpointSelector`.'),
  sessionPersistence: optional(sessionPersistence, 'Keeps the requests of one session on one endpoint.'),
  protocol: optional(
    oneOf(['TCP', 'HTTP', 'HTTP2', 'HTTP11', 'H2C', 'MCP', 'GRPC', 'WSS'], { name: 'XBackendProtocol' }),
    'What the backend speaks.',
  ),
  tls: optional(tls, 'TLS towards the backend.', { default: { mode: 'None' } }),
}

const spec: ObjectSchema = object('XBackendSpec', 'Where requests go, and what is spoken there.', fields, {
  rules: [
    rule<XBackendSpec>(
      'external-hostname-follows-type',
      "self.type == 'ExternalHostname' ? has(self.externalHostname) : !has(self.externalHostname)",
      'externalHostname must be set when type is ExternalHostname and must be unset otherwise',
      (self) => (self.type === 'ExternalHostname') === (self.externalHostname !== undefined),
    ),
    rule<XBackendSpec>(
      'endpoint-selector-follows-type',
      "self.type == 'EndpointSelector' ? has(self.endpointSelector) : !has(self.endpointSelector)",
      'endpointSelector must be set when type is EndpointSelector and must be unset otherwise',
      (self) => (self.type === 'EndpointSelector') === (self.endpointSelector !== undefined),
    ),
    rule<XBackendSpec>(
      'h2c-without-tls',
      "!has(self.protocol) || self.protocol != 'H2C' || !has(self.tls) || self.tls.mode == 'None'",
      'tls must be disabled when protocol is H2C, use protocol HTTP2 for HTTP/2 with tls',
      (self) => self.protocol !== 'H2C' || self.tls.mode === 'None',
    ),
    rule<XBackendSpec>(
      'http2-with-tls',
      "!has(self.protocol) || self.protocol != 'HTTP2' || (has(self.tls) && self.tls.mode != 'None')",
      'tls must be enabled when protocol is HTTP2, use protocol H2C for HTTP/2 without tls',
      (self) => self.protocol !== 'HTTP2' || self.tls.mode !== 'None',
    ),
    rule<XBackendSpec>(
      'wss-with-tls',
      "!has(self.protocol) || self.protocol != 'WSS' || (has(self.tls) && self.tls.mode != 'None')",
      'tls must be enabled when protocol is WSS',
      (self) => self.protocol !== 'WSS' || self.tls.mode !== 'None',
    ),
    rule<XBackendSpec>(
      'sessions-need-endpoints',
      "has(self.sessionPersistence) ? self.type == 'EndpointSelector' : true",
      'sessionPersistence can only be set when type is EndpointSelector',
      (self) => self.sessionPersistence === undefined || self.type === 'EndpointSelector',
    ),
  ],
})

const ancestorStatus: ObjectSchema = object('XBackendAncestorStatus', 'What one controller says of a backend below one ancestor.', {
  controllerName: required(controllerName, 'Who says it.'),
  ancestorRef: required(parentReference, 'The ancestor: mostly a Gateway.'),
  conditions: optional(listBy(['type'], condition), 'What is true about the backend there.'),
})

/** XBackend: a backend that is more than a Service. */
export const xBackend: KindDefinition = {
  kind: 'XBackend',
  group: 'gateway.networking.x-k8s.io',
  versions: ['v1alpha1'],
  plural: 'xbackends',
  shortNames: ['xbackend'],
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: false,
  schema: object('XBackend', 'A backend that is more than a Service: pods by label, or a DNS name outside of the cluster.', {
    spec: required(spec, 'Where requests go, and what is spoken there.'),
    status: optional(
      object('XBackendStatus', 'What controllers say of an XBackend.', {
        ancestors: optional(list(ancestorStatus, { maxItems: 32 }), 'One entry per ancestor and controller.'),
      }),
      'What controllers say of it.',
    ),
  }),
}
