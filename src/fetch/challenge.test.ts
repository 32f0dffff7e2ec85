import { expect, it } from '@jest/globals'
import { readChallenge } from './challenge.js'

it.each([
  [
    'Bearer realm="https://auth.example.com/token",service="registry",scope="repository:a/b:pull"',
    ['https://auth.example.com/token', 'registry', 'repository:a/b:pull'],
  ],
  ['bearer service="registry", realm="https://auth.example.com/token"', ['https://auth.example.com/token', 'registry', undefined]],
  ['Basic realm="x", Bearer realm="https://auth.example.com/token"', ['https://auth.example.com/token', undefined, undefined]],
  ['Basic realm="registry"', 'basic'],
  ['Bearer realm="no address"', undefined],
  ['Bearer xrealm="https://auth.example.com/token"', undefined],
  ['Negotiate', undefined],
  ['', undefined],
])('%s', (header, expected) => {
  const challenge = readChallenge(header)
  const found = challenge?.kind === 'bearer' ? [challenge.realm, challenge.service, challenge.scope] : challenge?.kind
  expect(found).toEqual(expected)
})
