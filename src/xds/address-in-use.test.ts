import { describe, expect, it } from '@jest/globals'
import { addressInUse } from './address-in-use.js'

describe('addressInUse', () => {
  const message = [
    "Error adding/updating listener(s) a/gw/127.0.0.1/80/tcp: cannot bind '127.0.0.1:8080': Address already in use",
    "a/gw/127.0.0.1/81/tcp: cannot bind '127.0.0.1:8081': Permission denied",
    'a/gw/127.0.0.1/82/tcp: no filter chains specified',
  ].join('\n')

  it.each([
    { name: 'a/gw/127.0.0.1/80/tcp', want: { address: '127.0.0.1', port: 8080 } },
    { name: 'a/gw/127.0.0.1/81/tcp', want: undefined },
    { name: 'a/gw/127.0.0.1/82/tcp', want: undefined },
    { name: 'a/gw/127.0.0.1/8/tcp', want: undefined },
  ])('of $name is $want', ({ name, want }) => {
    expect(addressInUse({ name, message })).toEqual(want)
  })
})
