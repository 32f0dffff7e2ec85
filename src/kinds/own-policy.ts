/** What our own policies have in common: they are about objects by name or by labels, in any namespace that grants it, and are put together. */
import { list, mapOf, object, oneOf, optional, required, rule } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { Field, ObjectSchema, Rule } from '../schema/schema.js'
import { localPolicyTargetReferenceWithSectionName, policyStatus } from './policy.js'
import { group, kind, labelValue, namespaceName } from './strings.js'

const targetReference: ObjectSchema = object('PolicyTargetReference', 'Points to what a policy is about, or to a part of it.', {
  ...localPolicyTargetReferenceWithSectionName.fields,
  namespace: optional(namespaceName, "Namespace of the target; the policy's own when left out, another one must grant it."),
})

const targetSelector: ObjectSchema = object('PolicyTargetSelector', 'Selects what a policy is about by labels, in its own namespace.', {
  group: optional(group, 'API group; the empty string is the core group.', { default: 'gateway.networking.k8s.io' }),
  kind: required(kind, 'Kind of the targets.'),
  matchLabels: required(mapOf(labelValue, { minProperties: 1, maxProperties: 16 }), 'Labels that must be there with exactly these values.'),
})

/** The fields of the spec of a policy that say what it is about and how it is put together with others. */
const policyTargetFields: Readonly<Record<string, Field>> = {
  targetRefs: optional(list(targetReference, { maxItems: 16 }), 'What the policy is about, by name.'),
  targetSelectors: optional(list(targetSelector, { maxItems: 16 }), 'What the policy is about, by labels.'),
  mergeType: optional(
    oneOf(['Merge', 'Replace'], { name: 'PolicyMergeType' }),
    '`Merge`: what it does not say comes from policies of what contains its targets. `Replace`: only their `overrides` do.',
    { default: 'Merge' },
  ),
}

interface Targets {
  readonly targetRefs?: readonly unknown[]
  readonly targetSelectors?: readonly unknown[]
}

/** The rule of every policy with these fields. */
const policyIsAboutSomething: Rule = rule<Targets>(
  'policy-is-about-something',
  '(has(self.targetRefs) && size(self.targetRefs) > 0) || (has(self.targetSelectors) && size(self.targetSelectors) > 0)',
  'name or select at least one target',
  (self) => (self.targetRefs ?? []).length > 0 || (self.targetSelectors ?? []).length > 0,
)

/** What `kubectl get` shows. */
const COLUMNS: NonNullable<KindDefinition['columns']> = [
  { name: 'Accepted', type: 'string', jsonPath: '.status.ancestors[0].conditions[?(@.type=="Accepted")].status' },
  { name: 'Reason', type: 'string', jsonPath: '.status.ancestors[0].conditions[?(@.type=="Accepted")].reason' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
]

/** What one kind of policy has for itself. */
export interface OwnPolicy {
  readonly kind: `${string}Policy`
  readonly plural: string
  readonly shortName: string
  readonly description: string
  readonly settings: Readonly<Record<string, Field>>
}

/** A kind of policy of ours: its targets, its settings, and the same settings once more as overrides, whose type is named `…Settings`. */
export function ownPolicy({ kind: name, plural, shortName, description, settings }: OwnPolicy): KindDefinition {
  const settingsName = name.replace(/Policy$/, 'Settings')
  const overrides = object(settingsName, 'Settings that policies further inside cannot change.', settings)
  const spec = object(
    `${name}Spec`,
    'What the policy is about and what it says. Policies of what contains a target give what it leaves out.',
    {
      ...policyTargetFields,
      ...settings,
      overrides: optional(overrides, 'The same settings, which policies of what a target contains cannot change.'),
    },
    { rules: [policyIsAboutSomething] },
  )
  return {
    kind: name,
    group: 'headgate.dev',
    versions: ['v1alpha1'],
    plural,
    shortNames: [shortName],
    namespaced: true,
    hasGeneration: true,
    hasStatus: true,
    isOwn: true,
    policy: 'Inherited',
    columns: COLUMNS,
    schema: object(name, description, {
      spec: required(spec, 'What it says.'),
      status: optional(policyStatus, 'What the controller says of it.'),
    }),
  }
}
