/** Makes objects wrong in ways that people and generators do: another type, a value out of bounds, a field too many. */
import fc from 'fast-check'
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/schema/json.js'

const JUNK: readonly JsonValue[] = [
  null,
  '',
  ' ',
  'x y',
  'UPPER',
  'a'.repeat(300),
  0,
  -1,
  70_000,
  3_000_000_000,
  1.5,
  true,
  [],
  {},
  ['a', 'a'],
  { unknownField: 1 },
  '*',
  '10.0.0.1',
  '😀',
  'two\nlines',
]

type Path = readonly (string | number)[]

/** The objects of an arbitrary, of which most have up to `most` values in their `spec` replaced by junk. */
export function spoiled(objects: fc.Arbitrary<JsonObject>, most: number): fc.Arbitrary<JsonObject> {
  const mistake = fc.record({ where: fc.nat(), what: fc.constantFrom(...JUNK) })
  return fc
    .tuple(objects, fc.array(mistake, { maxLength: most }))
    .map(([object, mistakes]) => mistakes.reduce((value: JsonObject, { where, what }) => spoil(value, where, what), object))
}

function spoil(object: JsonObject, where: number, what: JsonValue): JsonObject {
  const paths = pathsOf(object).filter((path) => path[0] === 'spec')
  const path = paths[where % Math.max(paths.length, 1)]
  if (path === undefined) return object
  const result = replaced(object, path, what)
  return isJsonObject(result) ? result : object
}

function pathsOf(value: JsonValue, at: Path = []): readonly Path[] {
  if (Array.isArray(value)) return [at, ...value.flatMap((child, index) => pathsOf(child, [...at, index]))]
  if (!isJsonObject(value)) return [at]
  return [at, ...Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...at, key]))]
}

function replaced(value: JsonValue, path: Path, by: JsonValue): JsonValue {
  const [step, ...rest] = path
  if (step === undefined) return by
  if (Array.isArray(value)) return value.map((child, index) => (index === step ? replaced(child, rest, by) : child))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, key === step ? replaced(child, rest, by) : child]))
}
