/** Where the memory of Envoys is kept for the next request. */
import { describe, expect, it } from '@jest/globals'
import { withAllocatorCaches } from './allocator-caches.js'

const SET = { GLIBC_TUNABLES: 'glibc.pthread.rseq=0' }

describe('withAllocatorCaches', () => {
  it.each(['6.18.44', '6.1.0-40-amd64', '5.15.167.4-microsoft-standard-WSL2'])('keeps memory with processors on Linux %s', (release) => {
    expect(withAllocatorCaches('linux', release, { HOME: '/' })).toEqual({ HOME: '/', ...SET })
  })

  it.each(['6.19.0', '6.19', '6.20.1', '7.0.3-12-generic', 'unknown', ''])('leaves it with threads on Linux "%s"', (release) => {
    expect(withAllocatorCaches('linux', release, { HOME: '/' })).toEqual({ HOME: '/' })
  })

  it('says nothing where there is no Linux', () => {
    expect(withAllocatorCaches('darwin', '6.1.0', {})).toEqual({})
  })

  it('adds to what is set, and overrules nobody', () => {
    const other = { GLIBC_TUNABLES: 'glibc.malloc.check=3' }
    expect(withAllocatorCaches('linux', '6.1.0', other)).toEqual({ GLIBC_TUNABLES: 'glibc.malloc.check=3:glibc.pthread.rseq=0' })
    const mine = { GLIBC_TUNABLES: 'glibc.pthread.rseq=1' }
    expect(withAllocatorCaches('linux', '6.1.0', mine)).toEqual(mine)
  })
})
