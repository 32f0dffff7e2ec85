/**
 * Schemas of API objects as plain data: one source for validation, defaults, TypeScript types, CRD YAML and reference docs.
 *
 * The vocabulary is that of structural OpenAPI v3 schemas of Kubernetes CRDs; apart from the `check` functions of rules a schema is
 * serialisable.
 */
import type { JsonValue } from './json.js'

/** The release channel of the Gateway API that a field or a rule belongs to; absent means both. */
export type Channel = 'standard' | 'experimental'

/** What one value may be. */
export type Schema =
  | ObjectSchema
  | MapSchema
  | ArraySchema
  | StringSchema
  | IntegerSchema
  | BooleanSchema
  | IntOrStringSchema
  | UnknownSchema

/** An object with named fields. Objects of the same name are the same type. */
export interface ObjectSchema extends Ruled {
  readonly type: 'object'
  /** The Go type name of the API, which is also the name of the generated TypeScript type. */
  readonly name: string
  /** One sentence for the reference docs and the editor. */
  readonly description: string
  readonly fields: Readonly<Record<string, Field>>
  readonly minProperties?: number
  /** Fields that the real kind has and that nothing here reads: dropped without a warning. */
  readonly ignored?: readonly string[]
  /** Replaced as a whole by server-side apply (`x-kubernetes-map-type`). */
  readonly mapType?: 'atomic'
  /** A constraint between fields that CRDs write as an OpenAPI `oneOf`. */
  readonly oneOf?: OneOf
}

/** One field of an object. */
export interface Field {
  readonly schema: Schema
  readonly description: string
  readonly required?: true
  /** Set where objects that were written in an older version may lack a required field: the generated type says so. */
  readonly absentInOlderVersions?: true
  /** Filled in when the object exists and the field does not. */
  readonly default?: JsonValue
  /** Set when only this channel has the field. */
  readonly channel?: Channel
}

/** An object with free keys and values of one schema. */
export interface MapSchema extends Ruled {
  readonly type: 'map'
  readonly values: Schema
  readonly minProperties?: number
  readonly maxProperties?: number
}

/** A list. `set` and `map` lists refuse items that are equal or have equal keys. */
export interface ArraySchema extends Ruled {
  readonly type: 'array'
  readonly items: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly listType?: 'atomic' | 'set' | 'map'
  /** The fields that identify an item of a `map` list. */
  readonly listMapKeys?: readonly string[]
}

/** A string. Lengths count code points. */
export interface StringSchema extends Ruled {
  readonly type: 'string'
  /** Names the generated type alias of an enum that several fields share. */
  readonly name?: string
  readonly enum?: readonly string[]
  /** Members of `enum` that only the experimental channel has. */
  readonly experimentalEnum?: readonly string[]
  /** RE2 syntax, found anywhere in the value unless anchored. */
  readonly pattern?: string
  /** Set when only this channel has `pattern`. */
  readonly patternChannel?: Channel
  /** Set where a backtracking engine would take exponential time on `pattern`: it is then matched in linear time. */
  readonly matchInLinearTime?: true
  readonly minLength?: number
  readonly maxLength?: number
  readonly format?: 'date-time' | 'byte'
}

/** A whole number; `format` says how readers keep it and bounds nothing, as in the API server. */
export interface IntegerSchema extends Ruled {
  readonly type: 'integer'
  readonly enum?: readonly number[]
  readonly format?: 'int32' | 'int64'
  readonly minimum?: number
  readonly maximum?: number
}

/** True or false. */
export interface BooleanSchema extends Ruled {
  readonly type: 'boolean'
}

/** A number or a name, such as a target port. */
export interface IntOrStringSchema extends Ruled {
  readonly type: 'intOrString'
}

/** Anything, kept as it is (`x-kubernetes-preserve-unknown-fields`). */
export interface UnknownSchema extends Ruled {
  readonly type: 'unknown'
}

/** What may carry rules. */
export interface Ruled {
  readonly rules?: readonly Rule[]
}

/** A rule about a value: the CEL text that a CRD has, and our own function that decides the same. */
export interface Rule {
  /** Stable, kebab-case, unique within a kind. */
  readonly id: string
  /**
   * The CEL expression; it mentions `oldSelf` in transition rules, which are checked on updates only. Absent where the API server
   * checks by code of its own.
   */
  readonly rule?: string
  readonly message: string
  readonly channel?: Channel
  /** The CRD's `reason`, where it gives one. */
  readonly reason?: string
  /**
   * True if the value keeps the rule. It sees defaulted values of the right type only; where CEL would end in an evaluation error it
   * answers false, as the API server refuses such objects.
   */
  check(self: never, oldSelf: never): boolean
}

/** An OpenAPI `oneOf` and the function that decides it. */
export interface OneOf {
  readonly id: string
  readonly alternatives: readonly JsonValue[]
  /** The field that is wrong when the constraint is broken. */
  readonly field: string
  readonly message: string
  /** True if the object keeps the constraint, as far as it can be told: its fields may be of any type. */
  check(self: never): boolean
}

/** True for rules that compare with the previous version of the object. */
export function isTransitionRule(rule: Rule): boolean {
  return rule.rule !== undefined && /\boldSelf\b/.test(rule.rule)
}
