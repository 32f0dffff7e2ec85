/** Objects with fields that may be missing. */
import fc from 'fast-check'

/** Leaves out what is undefined, as JSON does. */
export function some<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

/** A value or none. @param freq one of so many is none */
export function optional<T>(arbitrary: fc.Arbitrary<T>, freq = 2): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq })
}

/** Nearly always none. @param nones how many there are for each value */
export function rarely<T>(arbitrary: fc.Arbitrary<T>, nones = 30): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: nones, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary })
}
