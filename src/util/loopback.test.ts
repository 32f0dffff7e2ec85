import { describe, expect, it } from '@jest/globals'
import { isLoopback } from './loopback.js'

describe('isLoopback', () => {
  it.each([
    { host: '127.0.0.1', want: true },
    { host: '127.8.9.1', want: true },
    { host: '::1', want: true },
    { host: '0.0.0.0', want: false },
    { host: '::', want: false },
    { host: '128.0.0.1', want: false },
    { host: 'localhost', want: false },
  ])('$host: $want', ({ host, want }) => {
    expect(isLoopback(host)).toBe(want)
  })
})
