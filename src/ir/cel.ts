/** An expression of the Common Expression Language as a tree. Source: the language definition of CEL; macros other than `has` have no place. */

/** A part of an expression. */
export type CelExpression =
  | { readonly kind: 'constant'; readonly value: CelConstant }
  | { readonly kind: 'name'; readonly name: string }
  /** `operand.field`, or `has(operand.field)`. */
  | { readonly kind: 'select'; readonly operand: CelExpression; readonly field: string; readonly isTest: boolean }
  /** A function, an operator such as `_&&_`, or a method of the target. */
  | {
      readonly kind: 'call'
      readonly target: CelExpression | undefined
      readonly function: string
      readonly args: readonly CelExpression[]
    }
  | { readonly kind: 'list'; readonly elements: readonly CelExpression[] }
  | { readonly kind: 'map'; readonly entries: readonly { readonly key: CelExpression; readonly value: CelExpression }[] }

/** A value that stands in an expression; whole numbers as their digits. */
export type CelConstant =
  | { readonly type: 'null' }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int' | 'uint'; readonly value: string }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  /** Base64. */
  | { readonly type: 'bytes'; readonly value: string }
