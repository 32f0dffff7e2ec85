/** EndpointSlice, as far as it is read. Source: Kubernetes 1.36, `discovery/v1`. */
import { boolean, int32, list, object, oneOf, optional, required, setOf, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'

const endpointConditions: ObjectSchema = object('EndpointConditions', 'Whether an endpoint can take requests; unknown counts as yes.', {
  ready: optional(boolean(), 'Whether it takes new requests.'),
  serving: optional(boolean(), 'Whether it works, even while it goes away.'),
  terminating: optional(boolean(), 'Whether it goes away.'),
})

const targetRef: ObjectSchema = object(
  'EndpointTarget',
  'The pod that an endpoint is.',
  { uid: optional(string(), 'Its UID: that of the pod in every slice that has an address of it.') },
  { ignored: ['apiVersion', 'fieldPath', 'kind', 'name', 'namespace', 'resourceVersion'] },
)

const endpoint: ObjectSchema = object(
  'Endpoint',
  'One pod behind a Service.',
  {
    addresses: required(setOf(string(), { minItems: 1, maxItems: 100 }), 'Its addresses; all are the same endpoint.'),
    conditions: optional(endpointConditions, 'Whether it can take requests.', { default: {} }),
    hostname: optional(string(), 'Its host name.'),
    nodeName: optional(string(), 'The node that it is on.'),
    targetRef: optional(targetRef, 'The pod.'),
    zone: optional(string(), 'The zone that it is in.'),
  },
  { ignored: ['deprecatedTopology', 'hints'] },
)

const port: ObjectSchema = object('EndpointPort', 'A port of all endpoints of a slice.', {
  name: optional(string(), 'The name of the port of the Service.', { default: '' }),
  protocol: optional(oneOf(['TCP', 'UDP', 'SCTP'], { name: 'Protocol' }), 'Transport protocol.', { default: 'TCP' }),
  port: optional(int32({ minimum: 1, maximum: 65535 }), 'The port of the pods; all ports when left out.'),
  appProtocol: optional(string(), 'What is spoken on the port.'),
})

/** EndpointSlice: some of the pods behind a Service. */
export const endpointSlice: KindDefinition = {
  kind: 'EndpointSlice',
  group: 'discovery.k8s.io',
  versions: ['v1'],
  plural: 'endpointslices',
  namespaced: true,
  hasGeneration: false,
  hasStatus: false,
  isOwn: false,
  schema: object('EndpointSlice', 'Some of the pods behind a Service, which the label `kubernetes.io/service-name` names.', {
    addressType: required(oneOf(['IPv4', 'IPv6', 'FQDN'], { name: 'AddressFamily' }), 'What the addresses are.'),
    endpoints: optional(list(endpoint, { maxItems: 1000 }), 'The endpoints.', { default: [] }),
    ports: optional(list(port, { maxItems: 100 }), 'Their ports; none when left out.'),
  }),
}
