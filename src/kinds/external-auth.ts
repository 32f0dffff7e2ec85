/**
 * The filter that asks another server whether a request may pass.
 *
 * Source: Gateway API v1.7.0, `HTTPExternalAuthFilter` (GEP-1494).
 */
import type { HTTPExternalAuthFilter } from '../gen/kinds.js'
import { int32, object, oneOf, optional, required, rule, setOf, string } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'
import { backendObjectReference } from './references.js'

const grpcAuth: ObjectSchema = object('GRPCAuthConfig', 'Details of an authorization server that speaks gRPC (Envoy ext_authz).', {
  allowedHeaders: optional(setOf(string(), { maxItems: 64 }), 'Request headers that the server sees; all when left out.'),
})

const httpAuth: ObjectSchema = object('HTTPAuthConfig', 'Details of an authorization server that speaks HTTP.', {
  path: optional(
    string({ maxLength: 1024, pattern: "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$" }),
    'Prefix of the path that the server is asked with.',
  ),
  allowedHeaders: optional(setOf(string(), { maxItems: 64 }), 'Request headers that the server sees beside those that are always sent.'),
  allowedResponseHeaders: optional(
    setOf(string(), { maxItems: 64 }),
    "Headers of the server's answer that are copied into the request; all when left out.",
  ),
})

const forwardBody: ObjectSchema = object('ForwardBodyConfig', 'Whether the server sees request bodies.', {
  maxSize: optional(int32({ minimum: 0 }), 'How many bytes of the body are sent; 0 sends none.'),
})

/** Asks another server whether a request may pass. */
export const externalAuthFilter: ObjectSchema = object(
  'HTTPExternalAuthFilter',
  'Asks another server whether a request may pass.',
  {
    protocol: required(oneOf(['HTTP', 'GRPC'], { name: 'HTTPRouteExternalAuthProtocol' }), 'What the server speaks.'),
    backendRef: required(backendObjectReference, 'The server.'),
    grpc: optional(grpcAuth, 'Details for `protocol: GRPC`.'),
    http: optional(httpAuth, 'Details for `protocol: HTTP`.'),
    forwardBody: optional(forwardBody, 'Whether the server sees request bodies; it does not when left out.'),
  },
  {
    rules: [
      rule<HTTPExternalAuthFilter>(
        'grpc-protocol-has-grpc',
        "self.protocol == 'GRPC' ? has(self.grpc) : true",
        "grpc must be specified when protocol is set to 'GRPC'",
        (self) => self.protocol !== 'GRPC' || self.grpc !== undefined,
      ),
      rule<HTTPExternalAuthFilter>(
        'grpc-only-for-grpc-protocol',
        "has(self.grpc) ? self.protocol == 'GRPC' : true",
        "protocol must be 'GRPC' when grpc is set",
        (self) => self.grpc === undefined || self.protocol === 'GRPC',
      ),
      rule<HTTPExternalAuthFilter>(
        'http-protocol-has-http',
        "self.protocol == 'HTTP' ? has(self.http) : true",
        "http must be specified when protocol is set to 'HTTP'",
        (self) => self.protocol !== 'HTTP' || self.http !== undefined,
      ),
      rule<HTTPExternalAuthFilter>(
        'http-only-for-http-protocol',
        "has(self.http) ? self.protocol == 'HTTP' : true",
        "protocol must be 'HTTP' when http is set",
        (self) => self.http === undefined || self.protocol === 'HTTP',
      ),
    ],
  },
)
