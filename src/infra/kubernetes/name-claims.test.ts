import { describe, expect, it } from '@jest/globals'
import { NameClaims } from './name-claims.js'
import { ownedName } from './owned-objects.js'

const edge = ownedName('Service', 'shop', 'edge')
const plain = ownedName('Service', 'shop', 'headgate-web')
const nobody = (): undefined => undefined

describe('names of objects', () => {
  it('go to whoever asks first, until it asks for others', () => {
    const claims = new NameClaims()
    expect(claims.claim('shop/a', new Set([edge]), nobody)).toBeUndefined()
    expect(claims.claim('shop/b', new Set([plain, edge]), nobody)).toBe(edge)
    expect(claims.claim('shop/a', new Set([plain]), nobody)).toBeUndefined()
    expect(claims.claim('shop/b', new Set([edge]), nobody)).toBeUndefined()
  })

  it('belong to whom the object was made for, whoever asks first', () => {
    const claims = new NameClaims()
    expect(claims.claim('shop/b', new Set([edge]), () => 'shop/a')).toBe(edge)
    expect(claims.claim('shop/a', new Set([edge]), () => 'shop/a')).toBeUndefined()
  })
})
