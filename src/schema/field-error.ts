/** What is wrong with a value of an object, in the words of the API server. */
import { type FieldPath, formatFieldPath } from './field-path.js'
import type { JsonValue } from './json.js'

/** What kind of mistake it is. */
export type FieldErrorCode = 'required' | 'type' | 'enum' | 'tooLong' | 'tooMany' | 'invalid' | 'duplicate' | 'rule'

/** A mistake in an object. */
export interface FieldError {
  readonly code: FieldErrorCode
  readonly path: FieldPath
  /** What is wrong and what would be right, without the path. */
  readonly message: string
  /** The id of the broken rule, for `code: 'rule'`. */
  readonly rule?: string
}

/** A field that no schema knows; it is dropped. */
export interface FieldWarning {
  readonly path: FieldPath
  readonly message: string
  /** The field beside it whose name is nearly the same. */
  readonly meant?: string
}

/** Rules see values of the right type only: after one of these mistakes they are not checked. */
const BLOCKS_RULES: ReadonlySet<FieldErrorCode> = new Set(['required', 'type', 'enum', 'tooLong', 'tooMany'])

/** True if rules cannot be checked on an object with this mistake. */
export function blocksRules(error: FieldError): boolean {
  return BLOCKS_RULES.has(error.code)
}

/** `spec.listeners[0].port: Invalid value: 0: should be greater than or equal to 1`. */
export function formatFieldError(error: FieldError): string {
  return error.path.length === 0 ? error.message : `${formatFieldPath(error.path)}: ${error.message}`
}

/** A value as it stands in messages: JSON, cut where it gets long. */
export function quoted(value: JsonValue | undefined): string {
  const text = JSON.stringify(value) ?? 'null'
  return text.length <= MAX_QUOTED_LENGTH ? text : `${text.slice(0, MAX_QUOTED_LENGTH)}…`
}

/** What stands in messages in place of a value that may be secret. */
export function hidden(): string {
  return '[not shown]'
}

const MAX_QUOTED_LENGTH = 120
