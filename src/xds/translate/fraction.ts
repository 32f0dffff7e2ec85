import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'

/** The finest share that Envoy knows. */
export const MILLION = 1_000_000

/** A share as a number of millionths, between none and all. */
export function millionths(numerator: number, denominator: number): number {
  if (denominator <= 0) return 0
  return Math.min(Math.max(Math.round((numerator / denominator) * MILLION), 0), MILLION)
}

/**
 * A share of requests. Always in millionths: Envoy draws one number per request and takes it modulo the denominator, so that
 * hundredths would go hand in hand with weights that sum up to 100.
 */
export function requestShare(numerator: number): envoy.config.core.v3.RuntimeFractionalPercent {
  return { defaultValue: { numerator, denominator: Enum['envoy.type.v3.FractionalPercent.DenominatorType'].MILLION } }
}

/** A share between 0 and 1, likewise. */
export function percentage(share: number): envoy.type.v3.FractionalPercent {
  return { numerator: millionths(share, 1), denominator: Enum['envoy.type.v3.FractionalPercent.DenominatorType'].MILLION }
}
