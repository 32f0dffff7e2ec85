import { describe, expect, it } from '@jest/globals'
import { boundPorts } from './placement.js'

describe('boundPorts', () => {
  it.each([
    { rule: 'privileged ports move', mapping: { privilegedOffset: 8000, offset: 0 }, ports: [80, 443, 9000], want: [8080, 8443, 9000] },
    {
      rule: 'a port that a listener names is kept for it',
      mapping: { privilegedOffset: 8000, offset: 0 },
      ports: [80, 8080],
      want: [18080, 8080],
    },
    { rule: 'every port moves by the offset', mapping: { privilegedOffset: 8000, offset: 100 }, ports: [80, 9000], want: [8180, 9100] },
    { rule: 'nothing moves with the rights to bind', mapping: { privilegedOffset: 0, offset: 0 }, ports: [80, 8080], want: [80, 8080] },
    { rule: 'no room beyond the last port', mapping: { privilegedOffset: 0, offset: 10_000 }, ports: [60_000], want: [undefined] },
  ])('$rule', ({ mapping, ports, want }) => {
    const bound = boundPorts(mapping, ports)
    expect(ports.map((port) => bound.get(port))).toEqual(want)
  })
})
