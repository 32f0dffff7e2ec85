/** Expressions of CEL as Envoy takes them. */
import { Enum } from '../../gen/envoy/enums.js'
import type { google } from '../../gen/envoy/types.js'
import type { CelConstant, CelExpression } from '../../ir/cel.js'
import { wholeNumber } from '../whole-number.js'

type Expr = google.api.expr.v1alpha1.Expr
type Constant = google.api.expr.v1alpha1.Constant

/** The tree; its nodes are numbered from the outside in. */
export function celExpr(expression: CelExpression): Expr {
  let last = 0
  const build = (node: CelExpression): Expr => {
    last += 1
    const id = last
    switch (node.kind) {
      case 'constant':
        return { id, constExpr: constant(node.value) }
      case 'name':
        return { id, identExpr: { name: node.name } }
      case 'select':
        return { id, selectExpr: { operand: build(node.operand), field: node.field, ...(node.isTest ? { testOnly: true } : {}) } }
      case 'call':
        return {
          id,
          callExpr: {
            ...(node.target === undefined ? {} : { target: build(node.target) }),
            function: node.function,
            args: node.args.map(build),
          },
        }
      case 'list':
        return { id, listExpr: { elements: node.elements.map(build) } }
      case 'map':
        return {
          id,
          structExpr: {
            entries: node.entries.map(({ key, value }) => {
              last += 1
              return { id: last, mapKey: build(key), value: build(value) }
            }),
          },
        }
    }
  }
  return build(expression)
}

/** All of them; at least one. */
export function allOfCel(expressions: readonly [CelExpression, ...CelExpression[]]): CelExpression {
  const [first, ...others] = expressions
  return others.reduce((sum, each) => call('_&&_', sum, each), first)
}

/** The opposite. What cannot be evaluated has none either. */
export function notCel(expression: CelExpression): CelExpression {
  return call('!_', expression)
}

/** A function or an operator, and its operands. */
export function call(name: string, ...args: readonly CelExpression[]): CelExpression {
  return { kind: 'call', target: undefined, function: name, args }
}

/** What Envoy knows, such as `request.headers`. */
export function attribute(name: string, field: string): CelExpression {
  return { kind: 'select', operand: { kind: 'name', name }, field, isTest: false }
}

/** A text that stands in an expression. */
export function textValue(value: string): CelExpression {
  return { kind: 'constant', value: { type: 'string', value } }
}

/** A whole number that stands in an expression. */
export function numberValue(value: number): CelExpression {
  return { kind: 'constant', value: { type: 'int', value: String(value) } }
}

/** What cannot be evaluated: the first of no elements. */
export const NOTHING: CelExpression = call('_[_]', { kind: 'list', elements: [] }, numberValue(0))

function constant(value: CelConstant): Constant {
  switch (value.type) {
    case 'null':
      return { nullValue: Enum['google.protobuf.NullValue'].NULL_VALUE }
    case 'bool':
      return { boolValue: value.value }
    case 'int':
      return { int64Value: wholeNumber(value.value) }
    case 'uint':
      return { uint64Value: wholeNumber(value.value) }
    case 'double':
      return { doubleValue: value.value }
    case 'string':
      return { stringValue: value.value }
    case 'bytes':
      return { bytesValue: Buffer.from(value.value, 'base64') }
  }
}
