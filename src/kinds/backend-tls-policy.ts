/** BackendTLSPolicy. Source: Gateway API v1.7.0, `apis/v1/backendtlspolicy_types.go`. */
import type { LocalPolicyTargetReferenceWithSectionName } from '../gen/kinds.js'
import { list, mapOf, object, optional, required, rule } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'
import { localPolicyTargetReferenceWithSectionName, policyStatus } from './policy.js'
import { annotationValue } from './strings.js'
import { backendTlsValidation } from './tls-validation.js'

type Target = LocalPolicyTargetReferenceWithSectionName

const spec: ObjectSchema = object('BackendTLSPolicySpec', 'Which backends are reached over TLS, and how.', {
  targetRefs: required(
    list(localPolicyTargetReferenceWithSectionName, {
      minItems: 1,
      maxItems: 16,
      rules: [
        rule<readonly Target[]>(
          'targets-all-have-section',
          "self.all(p1, self.all(p2, p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name ? ((!has(p1.sectionName) || p1.sectionName == '') == (!has(p2.sectionName) || p2.sectionName == '')) : true))",
          'sectionName must be specified when targetRefs includes 2 or more references to the same target',
          (targets) => everyPairOfOneTarget(targets, (a, b) => !a.sectionName === !b.sectionName),
        ),
        rule<readonly Target[]>(
          'targets-distinct',
          "self.all(p1, self.exists_one(p2, p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && (((!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == '')) || (has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName))))",
          'sectionName must be unique when targetRefs includes 2 or more references to the same target',
          (targets) => everyPairOfOneTarget(targets, (a, b) => (a.sectionName ?? '') !== (b.sectionName ?? '')),
        ),
      ],
    }),
    'The backends; `sectionName` is the name of a port of a Service.',
  ),
  validation: required(backendTlsValidation, 'How certificates of the backends are checked.'),
  options: optional(mapOf(annotationValue, { maxProperties: 16 }), 'Settings of an implementation, with domain-prefixed keys.'),
})

/** BackendTLSPolicy: reaches backends over TLS. */
export const backendTlsPolicy: KindDefinition = {
  kind: 'BackendTLSPolicy',
  group: 'gateway.networking.k8s.io',
  versions: ['v1', 'v1alpha3'],
  plural: 'backendtlspolicies',
  shortNames: ['btlspolicy'],
  namespaced: true,
  hasGeneration: true,
  hasStatus: true,
  isOwn: false,
  policy: 'Direct',
  schema: object('BackendTLSPolicy', 'Reaches backends over TLS.', {
    spec: required(spec, 'Which backends are reached over TLS, and how.'),
    status: optional(policyStatus, 'What controllers say of it.'),
  }),
}

function everyPairOfOneTarget(targets: readonly Target[], holds: (a: Target, b: Target) => boolean): boolean {
  const same = (a: Target, b: Target) => a.group === b.group && a.kind === b.kind && a.name === b.name
  return targets.every((a, index) => targets.slice(index + 1).every((b) => !same(a, b) || holds(a, b)))
}
