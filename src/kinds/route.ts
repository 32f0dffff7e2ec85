/**
 * What all kinds of routes share: parents, weighted backends, named rules and status.
 *
 * Source: Gateway API v1.7.0, `apis/v1/shared_types.go`.
 */
import type { ParentReference } from '../gen/kinds.js'
import { int32, list, object, optional, required, rule } from '../schema/build.js'
import type { ArraySchema, Field, ObjectSchema, Rule } from '../schema/schema.js'
import { conditions } from './conditions.js'
import { backendReferenceFields, backendReferenceRules, parentReference } from './references.js'
import { controllerName, gatewayDefaultScope } from './strings.js'

const PARENT_RULES: readonly Rule[] = [
  rule<readonly ParentReference[]>(
    'parent-refs-all-have-section',
    "self.all(p1, self.all(p2, p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && (((!has(p1.__namespace__) || p1.__namespace__ == '') && (!has(p2.__namespace__) || p2.__namespace__ == '')) || (has(p1.__namespace__) && has(p2.__namespace__) && p1.__namespace__ == p2.__namespace__)) ? ((!has(p1.sectionName) || p1.sectionName == '') == (!has(p2.sectionName) || p2.sectionName == '') && (!has(p1.port) || p1.port == 0) == (!has(p2.port) || p2.port == 0)): true))",
    'sectionName or port must be specified when parentRefs includes 2 or more references to the same parent',
    (refs) => everyPairOfOneParent(refs, (a, b) => !a.sectionName === !b.sectionName && !a.port === !b.port),
    { channel: 'experimental' },
  ),
  rule<readonly ParentReference[]>(
    'parent-refs-distinct',
    "self.all(p1, self.exists_one(p2, p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && (((!has(p1.__namespace__) || p1.__namespace__ == '') && (!has(p2.__namespace__) || p2.__namespace__ == '')) || (has(p1.__namespace__) && has(p2.__namespace__) && p1.__namespace__ == p2.__namespace__ )) && (((!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == '')) || ( has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName)) && (((!has(p1.port) || p1.port == 0) && (!has(p2.port) || p2.port == 0)) || (has(p1.port) && has(p2.port) && p1.port == p2.port))))",
    'sectionName or port must be unique when parentRefs includes 2 or more references to the same parent',
    (refs) => everyPairOfOneParent(refs, (a, b) => (a.sectionName ?? '') !== (b.sectionName ?? '') || (a.port ?? 0) !== (b.port ?? 0)),
    { channel: 'experimental' },
  ),
]

/** The fields of every route's `spec` that say where it attaches. */
export const commonRouteFields: Readonly<Record<string, Field>> = {
  parentRefs: optional(list(parentReference, { maxItems: 32, rules: PARENT_RULES }), 'What the route attaches to.'),
  useDefaultGateways: optional(gatewayDefaultScope, 'Whether the route attaches to default Gateways as well.', { channel: 'experimental' }),
}

/** The fields of a weighted reference to a backend. */
export const weightedBackendFields: Readonly<Record<string, Field>> = {
  ...backendReferenceFields,
  weight: optional(int32({ minimum: 0, maximum: 1_000_000 }), 'Share of the requests, relative to the sum of all weights of the rule.', {
    default: 1,
  }),
}

/** A weighted reference to a backend. */
export const backendRef: ObjectSchema = object('BackendRef', 'A backend and its share of the connections.', weightedBackendFields, {
  rules: backendReferenceRules,
})

const routeParentStatus: ObjectSchema = object('RouteParentStatus', 'What one controller says of a route at one parent.', {
  parentRef: required(parentReference, 'The parent, as the route names it.'),
  controllerName: required(controllerName, 'Who says it.'),
  conditions: required(conditions({ minItems: 1, maxItems: 8 }), 'What is true about the route at this parent.'),
})

/** The fields of every route's status. */
export const routeStatusFields: Readonly<Record<string, Field>> = {
  parents: required(list(routeParentStatus, { maxItems: 32 }), 'One entry per parent and controller.'),
}

/** The rule that named rules of a route have names of their own. */
export const UNIQUE_RULE_NAMES: Rule = rule<readonly { readonly name?: string }[]>(
  'rule-names-unique',
  'self.all(l1, !has(l1.name) || self.exists_one(l2, has(l2.name) && l1.name == l2.name))',
  'Rule name must be unique within the route',
  (rules) => {
    const names = rules.flatMap((each) => (each.name === undefined ? [] : [each.name]))
    return new Set(names).size === names.length
  },
)

/** A list of rules, at most 16. */
export function ruleList(items: ObjectSchema, options: { readonly minItems?: number; readonly rules: readonly Rule[] }): ArraySchema {
  return list(items, { maxItems: 16, ...options })
}

function everyPairOfOneParent(refs: readonly ParentReference[], holds: (a: ParentReference, b: ParentReference) => boolean): boolean {
  return refs.every((a, index) => refs.slice(index + 1).every((b) => !sameParent(a, b) || holds(a, b)))
}

function sameParent(a: ParentReference, b: ParentReference): boolean {
  return a.group === b.group && a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '')
}
