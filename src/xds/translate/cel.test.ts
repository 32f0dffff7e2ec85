import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { CelConstant } from '../../ir/cel.js'
import { encode } from '../message.js'
import { celExpr } from './cel.js'

/** The number at the end of an encoded constant, bit by bit. Source: Protocol Buffers, "Encoding", varints. */
function lastNumber(bytes: Uint8Array): bigint {
  let at = bytes.length - 1
  while (at > 0 && (bytes[at - 1] ?? 0) >= 0x80) at--
  return [...bytes.subarray(at)].reduce((sum, byte, index) => sum | (BigInt(byte & 0x7f) << BigInt(7 * index)), 0n)
}

it('writes whole numbers of 64 bits to the last digit', () => {
  const number = fc.oneof(
    fc.record({ type: fc.constant('int' as const), value: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) }),
    fc.record({ type: fc.constant('uint' as const), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
  )
  fc.assert(
    fc.property(number, ({ type, value }) => {
      const constant: CelConstant = { type, value: String(value) }
      const written = lastNumber(encode('google.api.expr.v1alpha1.Expr', celExpr({ kind: 'constant', value: constant })))
      expect(type === 'int' ? BigInt.asIntN(64, written) : written).toBe(value)
    }),
  )
})
