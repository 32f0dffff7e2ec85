/** ServiceImport, as far as it is read. Source: Multi-Cluster Services API, `multicluster.x-k8s.io`, whose versions are the same (GEP-1748). */
import { int32, list, listBy, object, oneOf, optional, required, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'

const port: ObjectSchema = object('ServiceImportPort', 'A port of an imported Service.', {
  name: optional(string(), 'Name of the port.'),
  protocol: optional(oneOf(['TCP', 'UDP', 'SCTP'], { name: 'Protocol' }), 'Transport protocol.', { default: 'TCP' }),
  appProtocol: optional(string(), 'What is spoken on the port.'),
  port: required(int32(), 'The port of the Service.'),
})

const spec: ObjectSchema = object(
  'ServiceImportSpec',
  'What an imported Service offers.',
  {
    type: required(oneOf(['ClusterSetIP', 'Headless'], { name: 'ServiceImportType' }), 'How it is reached.'),
    ports: required(list(port), 'Its ports.'),
    ips: optional(list(string(), { maxItems: 2 }), 'Its addresses in the set of clusters.'),
    trafficDistribution: optional(string(), 'As in a Service.'),
  },
  { ignored: ['sessionAffinity', 'sessionAffinityConfig', 'ipFamilies', 'internalTrafficPolicy'] },
)

const status: ObjectSchema = object(
  'ServiceImportStatus',
  'Which clusters offer the Service.',
  {
    clusters: optional(
      listBy(
        ['cluster'],
        object('ClusterStatus', 'A cluster that offers the Service.', { cluster: required(string(), 'Name of the cluster.') }),
      ),
      'The clusters.',
    ),
  },
  { ignored: ['conditions', 'endpointSliceObjects'] },
)

/** ServiceImport: a Service that other clusters offer. */
export const serviceImport: KindDefinition = {
  kind: 'ServiceImport',
  group: 'multicluster.x-k8s.io',
  versions: ['v1beta1', 'v1alpha1'],
  plural: 'serviceimports',
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  statusIsInput: true,
  isOwn: false,
  schema: object('ServiceImport', 'A Service that other clusters offer.', {
    spec: optional(spec, 'What it offers.'),
    status: optional(status, 'Which clusters offer it.'),
  }),
}
