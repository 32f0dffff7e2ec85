import { describe, expect, it } from '@jest/globals'
import { addressInUse, cannotBind } from './address-in-use.js'

describe('what Envoy says of a listener', () => {
  const message = [
    "Error adding/updating listener(s) a/gw/127.0.0.1/80/tcp: cannot bind '127.0.0.1:8080': Address already in use",
    "a/gw/127.0.0.1/81/tcp: cannot bind '127.0.0.1:8081': Permission denied",
    'a/gw/127.0.0.1/82/tcp: no filter chains specified',
  ].join('\n')

  it.each([
    { name: 'a/gw/127.0.0.1/80/tcp', busy: { address: '127.0.0.1', port: 8080 }, isBind: true },
    { name: 'a/gw/127.0.0.1/81/tcp', busy: undefined, isBind: true },
    { name: 'a/gw/127.0.0.1/82/tcp', busy: undefined, isBind: false },
    { name: 'a/gw/127.0.0.1/8/tcp', busy: undefined, isBind: false },
  ])('is about the machine, or not: $name', ({ name, busy, isBind }) => {
    expect([addressInUse({ name, message }), cannotBind({ name, message })]).toEqual([busy, isBind])
  })
})
