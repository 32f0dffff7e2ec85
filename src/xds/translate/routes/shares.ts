import { millionths } from '../fraction.js'

/** A part of a whole, and where it ends. */
export interface Share<T> {
  readonly part: T
  /** In millionths of the whole, the shares before this one included; undefined takes the rest. */
  readonly upTo?: number
}

/**
 * Divides by weight. Where Envoy compares one random number with one fraction after the other, each must say where its share ends,
 * not how large it is.
 */
export function shares<T extends { readonly weight: number }>(parts: readonly T[]): readonly Share<T>[] {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0)
  let before = 0
  return parts.map((part, i) => {
    before += part.weight
    return i === parts.length - 1 ? { part } : { part, upTo: millionths(before, total) }
  })
}
