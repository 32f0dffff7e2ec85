/** Service, as far as it is read. Source: Kubernetes 1.37, `core/v1`. */
import { boolean, int32, intOrString, list, listBy, mapOf, object, oneOf, optional, required, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'
import { portNumber } from './strings.js'

const port: ObjectSchema = object('ServicePort', 'A port of a Service.', {
  name: optional(string(), 'Name of the port; needed where a Service has several.'),
  protocol: optional(oneOf(['TCP', 'UDP', 'SCTP'], { name: 'Protocol' }), 'Transport protocol.', { default: 'TCP' }),
  appProtocol: optional(string(), 'What is spoken on the port, such as `kubernetes.io/h2c`.'),
  port: required(portNumber, 'The port of the Service.'),
  targetPort: optional(intOrString(), 'Number or name of the port of the pods; `port` when left out.'),
  nodePort: optional(int32({ minimum: 0, maximum: 65535 }), 'Port on every node.'),
})

const spec: ObjectSchema = object(
  'ServiceSpec',
  'What a Service offers.',
  {
    type: optional(oneOf(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'], { name: 'ServiceType' }), 'How it is reached.', {
      default: 'ClusterIP',
    }),
    ports: optional(listBy(['port', 'protocol'], port), 'Its ports.'),
    selector: optional(mapOf(string()), 'Labels of its pods.'),
    clusterIP: optional(string(), 'Its address in the cluster; `None` for a headless Service.'),
    clusterIPs: optional(list(string()), 'Its addresses in the cluster, one per IP family.'),
    ipFamilies: optional(list(string()), 'Its IP families.'),
    externalName: optional(string(), 'The DNS name that stands for it, for `type: ExternalName`.'),
    publishNotReadyAddresses: optional(boolean(), 'Whether pods that are not ready count.'),
    trafficDistribution: optional(string(), 'Which endpoints clients go to first, such as `PreferSameZone`.'),
  },
  {
    ignored: [
      'allocateLoadBalancerNodePorts',
      'externalIPs',
      'externalTrafficPolicy',
      'healthCheckNodePort',
      'internalTrafficPolicy',
      'ipFamilyPolicy',
      'loadBalancerClass',
      'loadBalancerIP',
      'loadBalancerSourceRanges',
      'sessionAffinity',
      'sessionAffinityConfig',
    ],
  },
)

const ingress: ObjectSchema = object(
  'LoadBalancerIngress',
  'An address of a load balancer.',
  { ip: optional(string(), 'Its IP address.'), hostname: optional(string(), 'Its DNS name.') },
  { ignored: ['ipMode', 'ports'] },
)

const status: ObjectSchema = object(
  'ServiceStatus',
  'What the cluster says of a Service.',
  {
    loadBalancer: optional(
      object('LoadBalancerStatus', 'What the load balancer is reached at.', { ingress: optional(list(ingress), 'Its addresses.') }),
      'What the load balancer is reached at.',
    ),
  },
  { ignored: ['conditions'] },
)

/** Service: a name for pods. */
export const service: KindDefinition = {
  kind: 'Service',
  group: '',
  versions: ['v1'],
  plural: 'services',
  namespaced: true,
  hasGeneration: false,
  hasStatus: true,
  isOwn: false,
  schema: object('Service', 'A name for pods.', {
    spec: optional(spec, 'What it offers.', { default: {} }),
    status: optional(status, 'What the cluster says of it.'),
  }),
}
