import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { tarOf } from '../../test/support/registry-server.js'
import { untar } from './untar.js'

const bytes = fc.uint8Array({ maxLength: 2000 }).map((array) => Buffer.from(array))

it('finds the file among others', () => {
  fc.assert(
    fc.property(bytes, bytes, fc.constantFrom('', './', '/'), (other, content, prefix) => {
      // The end of the first archive is left out.
      const archive = Buffer.concat([tarOf('other.wasm', other).subarray(0, -1024), tarOf(`${prefix}plugin.wasm`, content)])
      expect(untar(archive, 'plugin.wasm')?.equals(content)).toBe(true)
      expect(untar(archive, 'missing.wasm')).toBeUndefined()
    }),
  )
})

it('whatever comes, it ends and finds nothing that is not there', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4096 }), (array) => {
      expect(untar(Buffer.from(array), 'plugin.wasm')).toBeUndefined()
    }),
  )
  expect(untar(tarOf('plugin.wasm', Buffer.alloc(2000)).subarray(0, 1500), 'plugin.wasm')).toBeUndefined()
})
