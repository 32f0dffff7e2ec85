/** XTelemetryPolicy. Source: Gateway API v1.7.0, `apisx/v1alpha1/xtelemetrypolicy_types.go` (experimental). */
import type { ParentBasedSampling, TelemetryAttribute, TelemetryPolicySpec, TracingConfig } from '../gen/kinds.js'
import { list, listBy, object, oneOf, optional, required, rule, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { Field, ObjectSchema, Rule } from '../schema/schema.js'
import { fraction } from './fraction.js'
import { httpHeader } from './http-filters.js'
import { policyStatus } from './policy.js'
import { backendObjectReference, localObjectReference } from './references.js'
import { headerName } from './strings.js'

const MODE: Field = optional(
  oneOf(['Enabled', 'Disabled', 'ImplementationDefault'], { name: 'TracingMode' }),
  'Whether it happens; what the implementation does anyway when left out.',
  { default: 'ImplementationDefault' },
)

const attribute: ObjectSchema = object(
  'TelemetryAttribute',
  'An attribute of every span.',
  {
    name: required(string({ minLength: 1, maxLength: 256, pattern: '^[a-zA-Z0-9_.:/-]+$' }), 'Name of the attribute.'),
    sourceType: required(oneOf(['Header', 'Literal', 'Attribute'], { name: 'TelemetryAttributeSource' }), 'Where the value comes from.'),
    headerName: optional(headerName, 'The request header that has the value.'),
    literalValue: optional(string({ minLength: 1, maxLength: 1024 }), 'The value itself.'),
    attributeKey: optional(string({ minLength: 1, maxLength: 256, pattern: '^[a-z0-9_.-]+$' }), 'The known attribute that has the value.'),
  },
  { rules: [sourceRule('headerName', 'Header'), sourceRule('literalValue', 'Literal'), sourceRule('attributeKey', 'Attribute')] },
)

const provider: ObjectSchema = object('TracingProvider', 'Where spans go.', {
  backendRef: required(backendObjectReference, 'The collector.'),
  headers: optional(listBy(['name'], httpHeader, { maxItems: 16 }), 'Headers that are sent to the collector.'),
})

const parentBasedSampling: ObjectSchema = object(
  'ParentBasedSampling',
  'Whether requests that are already part of a trace stay so.',
  {
    mode: MODE,
    samplingRate: optional(fraction, 'Share of such requests that is traced.'),
  },
  { rules: [onlyWhenEnabled<ParentBasedSampling>('samplingRate')] },
)

const tracing: ObjectSchema = object(
  'TracingConfig',
  'Which requests are traced, and how.',
  {
    mode: MODE,
    provider: optional(provider, 'Where spans go.'),
    samplingRate: optional(fraction, 'Share of the requests that is traced.'),
    parentBasedSampling: optional(parentBasedSampling, 'Whether requests that are already part of a trace stay so.'),
    serviceName: optional(string({ minLength: 1, maxLength: 253, pattern: '^[a-zA-Z0-9_.:/-]+$' }), 'Name of the service in spans.'),
    spanName: optional(string({ minLength: 1, maxLength: 256, pattern: '^[a-zA-Z0-9_.:/-]+( [a-zA-Z0-9_.:/-]+)*$' }), 'Name of the spans.'),
    attributes: optional(listBy(['name'], attribute), 'Attributes of every span.'),
  },
  {
    rules: [
      rule<TracingConfig>(
        'provider-when-enabled',
        "self.mode == 'Enabled' ? has(self.provider) : !has(self.provider)",
        'provider is required when mode is Enabled, and must be empty otherwise',
        (self) => (self.mode === 'Enabled') === (self.provider !== undefined),
      ),
      ...(['samplingRate', 'parentBasedSampling', 'serviceName', 'spanName', 'attributes'] as const).map((field) =>
        onlyWhenEnabled<TracingConfig>(field),
      ),
    ],
  },
)

const spec: ObjectSchema = object(
  'TelemetryPolicySpec',
  'What is observed.',
  {
    targetRefs: required(list(localObjectReference, { minItems: 1, maxItems: 16 }), 'The Gateways or routes.'),
    tracing: optional(tracing, 'Which requests are traced, and how.'),
  },
  {
    rules: [
      rule<TelemetryPolicySpec>(
        'something-is-observed',
        'has(self.tracing)',
        'at least one of the fields in [tracing] must be set',
        (self) => self.tracing !== undefined,
      ),
    ],
  },
)

/** XTelemetryPolicy: what is observed of requests. */
export const xTelemetryPolicy: KindDefinition = {
  kind: 'XTelemetryPolicy',
  group: 'gateway.networking.x-k8s.io',
  versions: ['v1alpha1'],
  plural: 'xtelemetrypolicies',
  shortNames: ['xtelemetrypolicy'],
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: false,
  policy: 'Direct',
  schema: object('XTelemetryPolicy', 'What is observed of requests: traces.', {
    spec: required(spec, 'What is observed.'),
    status: optional(policyStatus, 'What controllers say of it.'),
  }),
}

function onlyWhenEnabled<T extends { readonly mode: string }>(field: keyof T & string): Rule {
  return rule<T>(
    `${field}-only-when-enabled`,
    `has(self.${field}) ? self.mode == 'Enabled' : true`,
    `${field} can only be set when mode is Enabled`,
    (self) => self[field] === undefined || self.mode === 'Enabled',
  )
}

function sourceRule(field: 'headerName' | 'literalValue' | 'attributeKey', type: TelemetryAttribute['sourceType']): Rule {
  return rule<TelemetryAttribute>(
    `${field}-follows-source`,
    `self.sourceType == '${type}' ? has(self.${field}) : !has(self.${field})`,
    `${field} is required when sourceType is ${type}, and must be empty otherwise`,
    (self) => (self.sourceType === type) === (self[field] !== undefined),
  )
}
