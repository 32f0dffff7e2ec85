/** Amounts as Kubernetes writes them. Source: `k8s.io/apimachinery`, `resource.Quantity`; only whole numbers. */
import { string } from '../schema/build.js'
import type { StringSchema } from '../schema/schema.js'

/** A number of bytes such as `32Ki`. */
export const byteQuantity: StringSchema = string({ maxLength: 16, pattern: '^[0-9]{1,10}(k|M|G|Ki|Mi|Gi)?$' })

const FACTORS: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }

/** The bytes of a quantity; NaN for what is none, which compares as false with everything. */
export function quantityBytes(text: string): number {
  const [, amount, unit] = /^([0-9]{1,10})(k|M|G|Ki|Mi|Gi)?$/.exec(text) ?? []
  return Number(amount) * (unit === undefined ? 1 : (FACTORS[unit] ?? Number.NaN))
}
