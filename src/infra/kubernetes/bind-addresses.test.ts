import { describe, expect, it } from '@jest/globals'
import { bindAddresses } from './bind-addresses.js'
import { PodPlacements } from './pod-placements.js'

describe('what proxies bind', () => {
  it.each([
    { cluster: 'of IPv4', pod: ['10.0.0.1'], want: ['0.0.0.0'] },
    { cluster: 'of IPv6', pod: ['fd00::1'], want: ['::'] },
    { cluster: 'of both', pod: ['fd00::1', '10.0.0.1'], want: ['0.0.0.0', '::'] },
    { cluster: 'that nobody knows', pod: [], want: ['0.0.0.0'] },
  ])('in a cluster $cluster is $want', ({ pod, want }) => {
    expect(bindAddresses(pod)).toEqual(want)
    const gateway = { key: 'a/x', gatewayClass: 'headgate', merging: undefined, keepsPorts: false }
    expect(new PodPlacements(bindAddresses(pod)).place([gateway]).get('a/x')?.addresses).toEqual(want)
  })
})
