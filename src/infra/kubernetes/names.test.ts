import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { fleetName, gatewayNameLabel } from './names.js'

const character = fc.constantFrom(...'abcxyz019-.')
const gatewayName = fc
  .array(character, { minLength: 1, maxLength: 253 })
  .map((characters) =>
    characters
      .join('')
      .replace(/[-.]*\.[-.]*/g, '.')
      .replace(/^[-.]+|[-.]+$/g, ''),
  )
  .filter((name) => name !== '')

describe('names of what is made for a Gateway', () => {
  it.each([
    { gateway: 'web', fleet: 'headgate-web', label: 'web' },
    { gateway: '1st', fleet: 'headgate-1st', label: '1st' },
    { gateway: 'a.b', fleet: expect.stringMatching(/^headgate-a-b-[0-9a-f]{8}$/), label: 'a.b' },
    {
      gateway: 'x'.repeat(253),
      fleet: expect.stringMatching(/^headgate-x{29}-[0-9a-f]{8}$/),
      label: expect.stringMatching(/^x{54}-[0-9a-f]{8}$/),
    },
  ])('of $gateway', ({ gateway, fleet, label }) => {
    expect(fleetName(gateway)).toEqual(fleet)
    expect(gatewayNameLabel(gateway)).toEqual(label)
  })

  it('are DNS labels that leave room for the names of pods, and values of labels', () => {
    fc.assert(
      fc.property(gatewayName, (name) => {
        expect(fleetName(name)).toMatch(/^[a-z]([-a-z0-9]{0,45}[a-z0-9])?$/)
        expect(gatewayNameLabel(name)).toMatch(/^[a-z0-9]([-.a-z0-9]{0,61}[a-z0-9])?$/)
      }),
    )
  })

  it('differ for different Gateways', () => {
    fc.assert(
      fc.property(fc.uniqueArray(gatewayName, { minLength: 2 }), (names) => {
        expect(new Set(names.map(fleetName)).size).toBe(names.length)
        expect(new Set(names.map(gatewayNameLabel)).size).toBe(names.length)
      }),
    )
    expect(fleetName('a.b')).not.toBe(fleetName('a-b'))
  })
})
