import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'

const { HUNDRED, MILLION: MILLIONTHS } = Enum['envoy.type.v3.FractionalPercent.DenominatorType']

/** The finest share that Envoy knows. */
export const MILLION = 1_000_000

/** All of them. */
export const ALL: envoy.type.v3.FractionalPercent = { numerator: 100, denominator: HUNDRED }

/** A share as a number of millionths, between none and all. */
export function millionths(numerator: number, denominator: number): number {
  if (denominator <= 0) return 0
  return Math.min(Math.max(Math.round((numerator / denominator) * MILLION), 0), MILLION)
}

/**
 * A share of requests, in millionths. Never in hundredths: Envoy draws one number per request and takes it modulo the denominator, so that
 * these would go hand in hand with weights that sum up to 100.
 */
export function requestShare(numerator: number): envoy.config.core.v3.RuntimeFractionalPercent {
  return { defaultValue: { numerator, denominator: MILLIONTHS } }
}

/** The part of a whole, likewise; between 0 and 1 where no denominator is given. */
export function fraction(numerator: number, denominator = 1): envoy.type.v3.FractionalPercent {
  return { numerator: millionths(numerator, denominator), denominator: MILLIONTHS }
}
