import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { der } from './der.js'
import { readDer } from './der-reader.js'

it('reads what was written, of any length', () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.constantFrom(127, 128, 255, 256, 70_000).map((size) => new Uint8Array(size)),
  )
  const values = fc.array(fc.tuple(fc.integer({ min: 1, max: 255 }), content), { maxLength: 5 })
  fc.assert(
    fc.property(values, (written) => {
      const bytes = written.map(([tag, each]) => der(tag, Buffer.from(each)))
      const read = readDer(Buffer.concat(bytes))
      expect(read.map(({ tag, content }) => [tag, [...content]])).toEqual(written.map(([tag, each]) => [tag, [...each]]))
      expect(read.map(({ whole }) => whole.toString('hex'))).toEqual(bytes.map((each) => each.toString('hex')))
    }),
    { numRuns: 100 },
  )
})

it.each([
  { name: 'a value that ends too early', bytes: [0x30, 5, 1] },
  { name: 'a tag without a length', bytes: [0x30] },
  { name: 'a length that ends too early', bytes: [0x30, 0x82, 1] },
])('refuses $name', ({ bytes }) => {
  expect(() => readDer(Buffer.from(bytes))).toThrow(/ends after|out of range/)
})
