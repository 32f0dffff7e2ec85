/** Something that a policy needs and refers to, or why the policy cannot be used. */
import type { Problem } from '../conditions.js'

/** The value, or what is wrong. */
export type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem }

/** A value that was found. */
export function found<T>(value: T): Found<T> {
  return { ok: true, value }
}

/** Something that is missing or that cannot be used. */
export function missing<T>(reason: string, message: string): Found<T> {
  return { ok: false, problem: { reason, message } }
}

/** All of them, or the first that is missing. */
export function allFound<T>(each: readonly Found<T>[]): Found<readonly T[]> {
  const values: T[] = []
  for (const one of each) {
    if (!one.ok) return one
    values.push(one.value)
  }
  return found(values)
}
