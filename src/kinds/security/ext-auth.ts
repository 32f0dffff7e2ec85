/**
 * The part of SecurityPolicy that asks another server whether a request may pass.
 *
 * The names are those of Envoy Gateway's SecurityPolicy, so that its users feel at home.
 */
import type { ContextExtension, ExtAuth } from '../../gen/kinds.js'
import { boolean, int32, list, object, optional, required, rule, setOf, string } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { backendObjectReference } from '../references.js'
import { duration, headerName, objectName } from '../strings.js'

const path = string({ minLength: 1, maxLength: 1024, pattern: "^/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})*$" })

const grpcService: ObjectSchema = object('GRPCExtAuthService', 'A server that speaks the gRPC protocol of Envoy (ext_authz).', {
  backendRef: required(backendObjectReference, 'The server; one in another namespace must be granted.'),
})

const httpService: ObjectSchema = object(
  'HTTPExtAuthService',
  'A server that is asked with the method, path and host of the request; any answer but 200 denies it and is passed on.',
  {
    backendRef: required(backendObjectReference, 'The server; one in another namespace must be granted.'),
    path: optional(path, 'Put before the path of the request.'),
    pathOverride: optional(path, 'The path that the server is always asked with, whatever that of the request is.'),
    headersToBackend: optional(
      setOf(headerName, { maxItems: 64 }),
      "Headers of the server's answer that the backend gets, in place of the client's; all when left out.",
    ),
  },
  {
    rules: [
      rule<NonNullable<ExtAuth['http']>>(
        'path-or-path-override',
        '!(has(self.path) && has(self.pathOverride))',
        'set one of path and pathOverride',
        (self) => self.path === undefined || self.pathOverride === undefined,
      ),
    ],
  },
)

const contextExtension: ObjectSchema = object(
  'ContextExtension',
  'Something that the server is told besides the request.',
  {
    name: required(headerName, 'Its name: a header over HTTP, metadata of the call over gRPC.'),
    value: optional(string({ minLength: 1, maxLength: 1024 }), 'Its value.'),
    valueRef: optional(
      object('ContextExtensionValueRef', 'A key of a ConfigMap of the namespace of the policy.', {
        name: required(objectName, 'The ConfigMap.'),
        key: required(string({ minLength: 1, maxLength: 253, pattern: '^[-._a-zA-Z0-9]+$' }), 'The key that has the value.'),
      }),
      'Where its value stands.',
    ),
  },
  {
    rules: [
      rule<ContextExtension>(
        'value-or-value-ref',
        'has(self.value) != has(self.valueRef)',
        'set one of value and valueRef',
        (self) => (self.value === undefined) !== (self.valueRef === undefined),
      ),
    ],
  },
)

/** Asks another server whether a request may pass. */
export const extAuth: ObjectSchema = object(
  'ExtAuth',
  'Asks another server whether a request may pass.',
  {
    grpc: optional(grpcService, 'The server, when it speaks gRPC.'),
    http: optional(httpService, 'The server, when it speaks HTTP.'),
    headersToExtAuth: optional(
      setOf(headerName, { maxItems: 64 }),
      'Headers of the request that the server sees besides host, method, path and authorization. When left out: all over gRPC, no more over HTTP.',
    ),
    bodyToExtAuth: optional(
      object('BodyToExtAuth', 'How much of the body the server sees.', {
        maxRequestBytes: required(int32({ minimum: 1 }), 'How many bytes at most; requests with more get 413.'),
      }),
      'The server sees the body of the request; it does not when left out.',
    ),
    timeout: optional(duration, 'How long it may take to decide; requests are denied after that.', { default: '10s' }),
    failOpen: optional(boolean(), 'Lets requests pass when the server cannot be asked.', { default: false }),
    statusOnError: optional(int32({ minimum: 400, maximum: 599 }), 'What requests get when the server cannot be asked.', { default: 403 }),
    contextExtensions: optional(
      list(contextExtension, { maxItems: 16 }),
      'What the server is told besides; headers of these names that the client sent do not reach it over HTTP.',
    ),
    includeRouteMetadata: optional(
      boolean(),
      'Tells the server the route of the request, `<kind>/<namespace>/<name>`, under the name `x-headgate-route`; false when left out.',
    ),
  },
  {
    rules: [
      rule<ExtAuth>('grpc-or-http', 'has(self.grpc) != has(self.http)', 'set one of grpc and http', (self) => {
        return (self.grpc === undefined) !== (self.http === undefined)
      }),
    ],
  },
)
