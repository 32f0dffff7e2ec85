/** EnvoyPatchPolicy (headgate.dev): changes to what proxies are sent, where nothing else will do. */
import type { JSONPatchOperation } from '../gen/kinds.js'
import { int32, list, object, oneOf, optional, required, rule, string, unknown } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'
import { policyStatus } from './policy.js'
import { group, kind, objectName } from './strings.js'

const pointer = string({ maxLength: 1024, pattern: '^$|^/' })

/** One operation of JSON Patch. */
export const jsonPatchOperation: ObjectSchema = object(
  'JSONPatchOperation',
  'One operation of JSON Patch (RFC 6902) on the resource as ProtoJSON.',
  {
    op: required(oneOf(['add', 'remove', 'replace', 'move', 'copy', 'test'], { name: 'JSONPatchOperationType' }), 'What is done.'),
    path: optional(
      pointer,
      'Where (RFC 6901). Fields may be written as in `virtual_hosts` or `virtualHosts`. With `jsonPath` it starts at each place found.',
    ),
    jsonPath: optional(
      string({ minLength: 1, maxLength: 1024 }),
      "Places in the resource, in the words of JSONPath: `$`, `.name`, `['name']`, `[0]`, `[*]`, `..name` and `[?(@.name=='value')]`.",
    ),
    from: optional(pointer, 'Where the value comes from, for `move` and `copy`.'),
    value: optional(unknown(), 'The value, for `add`, `replace` and `test`.'),
  },
  {
    rules: [
      rule<JSONPatchOperation>(
        'operation-says-where',
        'has(self.path) || has(self.jsonPath)',
        'set path or jsonPath',
        (self) => self.path !== undefined || self.jsonPath !== undefined,
      ),
      rule<JSONPatchOperation>(
        'from-belongs-to-move-and-copy',
        "(self.op in ['move', 'copy']) == has(self.from)",
        'set from exactly for move and copy',
        (self) => (self.op === 'move' || self.op === 'copy') === (self.from !== undefined),
      ),
    ],
  },
)

const TYPES = [
  'type.googleapis.com/envoy.config.listener.v3.Listener',
  'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration',
  'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
]

const patch: ObjectSchema = object('EnvoyJSONPatchConfig', 'A change to one resource.', {
  type: required(oneOf(TYPES, { name: 'EnvoyResourceType' }), 'The type of the resource. Secrets cannot be patched.'),
  name: required(string({ minLength: 1, maxLength: 1024 }), 'Its name, which is stable: `gatewayctl dump` lists them.'),
  operation: required(jsonPatchOperation, 'What is done to it.'),
})

const spec: ObjectSchema = object('EnvoyPatchPolicySpec', 'Which Gateway, and what is changed.', {
  type: optional(oneOf(['JSONPatch'], { name: 'EnvoyPatchType' }), 'The kind of changes.', { default: 'JSONPatch' }),
  targetRef: required(
    object('EnvoyPatchTarget', 'A Gateway of the own namespace.', {
      group: required(group, 'API group: `gateway.networking.k8s.io`.'),
      kind: required(kind, 'Kind: `Gateway`.'),
      name: required(objectName, 'Name of the Gateway.'),
    }),
    'The Gateway whose proxies get the changes.',
  ),
  priority: optional(int32(), 'Policies with lower numbers are applied first; of equal ones the older.', { default: 0 }),
  jsonPatches: required(list(patch, { minItems: 1, maxItems: 64 }), 'The changes, in their order.'),
})

/** EnvoyPatchPolicy: changes to what proxies are sent. */
export const envoyPatchPolicy: KindDefinition = {
  kind: 'EnvoyPatchPolicy',
  group: 'headgate.dev',
  versions: ['v1alpha1'],
  plural: 'envoypatchpolicies',
  shortNames: ['hgepp'],
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: true,
  policy: 'Direct',
  columns: [
    { name: 'Accepted', type: 'string', jsonPath: '.status.ancestors[0].conditions[?(@.type=="Accepted")].status' },
    { name: 'Programmed', type: 'string', jsonPath: '.status.ancestors[0].conditions[?(@.type=="Programmed")].status' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: object(
    'EnvoyPatchPolicy',
    'Changes what proxies are sent, where nothing else will do. It is off unless the controller was started with `--envoy-patches`: who may write it can make proxies do anything.',
    {
      spec: required(spec, 'Which Gateway, and what is changed.'),
      status: optional(policyStatus, 'What the controller says of it.'),
    },
  ),
}
