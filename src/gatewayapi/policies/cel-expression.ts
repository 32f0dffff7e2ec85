/**
 * Expressions of CEL in policies: read here, because Envoy takes them as a tree, and checked, because it refuses everything that comes with
 * one that it cannot run.
 *
 * Source: the language definition of CEL; what Envoy leaves out of it (comprehensions, concatenation, conversions to text).
 */
import { parse } from '@bufbuild/cel'
import type { CelConstant, CelExpression } from '../../ir/cel.js'
import { errorText } from '../../util/error-text.js'
import { regularExpressionProblem } from '../regular-expressions.js'

/** Attributes of a request that is not answered yet, by their first names. */
const ATTRIBUTES: ReadonlySet<string> = new Set(['request', 'source', 'destination', 'connection', 'metadata', 'filter_state', 'xds'])

/** Operators and functions, and how many operands they take with their target. */
const FUNCTIONS: Readonly<Record<string, readonly number[]>> = {
  '_&&_': [2],
  '_||_': [2],
  '!_': [1],
  '-_': [1],
  '_?_:_': [3],
  '_==_': [2],
  '_!=_': [2],
  '_<_': [2],
  '_<=_': [2],
  '_>_': [2],
  '_>=_': [2],
  '_+_': [2],
  '_-_': [2],
  '_*_': [2],
  '_/_': [2],
  '_%_': [2],
  '_[_]': [2],
  '@in': [2],
  size: [1],
  startsWith: [2],
  endsWith: [2],
  contains: [2],
  matches: [2],
  duration: [1],
  timestamp: [1],
  int: [1],
  uint: [1],
  double: [1],
}

/** The tree, or why it is none that can be used. */
export type ReadCel = { readonly ok: true; readonly value: CelExpression } | { readonly ok: false; readonly message: string }

/** Reads an expression. */
export function readCel(text: string): ReadCel {
  try {
    return { ok: true, value: convert(parse(text).expr as ParsedExpression) }
  } catch (error) {
    return { ok: false, message: errorText(error) }
  }
}

/** Why a text is no expression at all, for those that Envoy reads itself; undefined for one that is. */
export function celSyntaxProblem(text: string): string | undefined {
  try {
    parse(text)
    return undefined
  } catch (error) {
    return errorText(error)
  }
}

/** The parser's tree, as far as it is looked at. */
interface ParsedExpression {
  readonly exprKind: { readonly case?: string | undefined; readonly value?: unknown }
}

interface ParsedCall {
  readonly function: string
  readonly target?: ParsedExpression
  readonly args: readonly ParsedExpression[]
}

interface ParsedStruct {
  readonly messageName: string
  readonly entries: readonly { readonly keyKind: { readonly value?: unknown }; readonly value?: ParsedExpression }[]
}

function convert({ exprKind }: ParsedExpression): CelExpression {
  switch (exprKind.case) {
    case 'constExpr':
      return { kind: 'constant', value: constantOf(exprKind.value as { readonly constantKind: ParsedExpression['exprKind'] }) }
    case 'identExpr':
      return nameOf((exprKind.value as { readonly name: string }).name)
    case 'selectExpr': {
      const { operand, field, testOnly } = exprKind.value as { operand: ParsedExpression; field: string; testOnly: boolean }
      return { kind: 'select', operand: convert(operand), field, isTest: testOnly }
    }
    case 'callExpr':
      return callOf(exprKind.value as ParsedCall)
    case 'listExpr':
      return { kind: 'list', elements: (exprKind.value as { readonly elements: readonly ParsedExpression[] }).elements.map(convert) }
    case 'structExpr':
      return mapOf(exprKind.value as ParsedStruct)
    default:
      throw new Error('macros such as exists() and map() cannot be used, only has()')
  }
}

function nameOf(name: string): CelExpression {
  if (!ATTRIBUTES.has(name)) throw new Error(`"${name}" is no attribute of a request: they are ${[...ATTRIBUTES].join(', ')}`)
  return { kind: 'name', name }
}

function callOf({ function: name, target, args }: ParsedCall): CelExpression {
  const count = args.length + (target === undefined ? 0 : 1)
  const expected = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (expected === undefined) throw new Error(`the function "${name}" cannot be used`)
  if (!expected.includes(count)) throw new Error(`the function "${name}" does not take ${count} operands`)
  const call = { kind: 'call', target: target && convert(target), function: name, args: args.map(convert) } as const
  const texts = [call.target, ...call.args].filter((each) => each?.kind === 'constant' && each.value.type === 'string')
  if (name === '_+_' && texts.length > 0) throw new Error('texts cannot be put together')
  const pattern = name === 'matches' ? call.args.at(-1) : undefined
  if (pattern?.kind === 'constant' && pattern.value.type === 'string') {
    const problem = regularExpressionProblem(pattern.value.value)
    if (problem !== undefined) throw new Error(`the regular expression ${problem}`)
  }
  return call
}

function mapOf({ messageName, entries }: ParsedStruct): CelExpression {
  if (messageName !== '') throw new Error(`messages such as "${messageName}" cannot be made`)
  return {
    kind: 'map',
    entries: entries.map(({ keyKind, value }) => {
      if (value === undefined) throw new Error('a key of a map has no value')
      return { key: convert(keyKind.value as ParsedExpression), value: convert(value) }
    }),
  }
}

function constantOf({ constantKind }: { readonly constantKind: ParsedExpression['exprKind'] }): CelConstant {
  const { value } = constantKind
  switch (constantKind.case) {
    case 'boolValue':
      return { type: 'bool', value: value === true }
    case 'int64Value':
      return { type: 'int', value: String(value) }
    case 'uint64Value':
      return { type: 'uint', value: String(value) }
    case 'doubleValue':
      return { type: 'double', value: Number(value) }
    case 'stringValue':
      return { type: 'string', value: String(value) }
    case 'bytesValue':
      return { type: 'bytes', value: Buffer.from(value as Uint8Array).toString('base64') }
    default:
      return { type: 'null' }
  }
}
