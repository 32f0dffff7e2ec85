import { describe, expect, it } from '@jest/globals'
import { keySetProblem } from './key-set.js'

describe('keySetProblem', () => {
  it.each([
    { what: 'an RSA key', text: '{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}', isSecret: false, want: undefined },
    {
      what: 'a key that is good beside one that is not',
      text: '{"keys":[{"kty":"x"},{"kty":"EC","crv":"P-256","x":"A","y":"B"}]}',
      isSecret: false,
      want: undefined,
    },
    { what: 'a shared key in a Secret', text: '{"keys":[{"kty":"oct","k":"AA"}]}', isSecret: true, want: undefined },
    {
      what: 'a shared key elsewhere',
      text: '{"keys":[{"kty":"oct","k":"AA"}]}',
      isSecret: false,
      want: /put such a key set into a Secret/,
    },
    {
      what: 'a private key elsewhere',
      text: '{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","d":"AQ"}]}',
      isSecret: false,
      want: /put such a key set into a Secret/,
    },
    { what: 'text', text: 'secret words', isSecret: false, want: /^is no JSON$/ },
    { what: 'no list', text: '{"keys":{}}', isSecret: false, want: /no list "keys"/ },
    { what: 'an empty list', text: '{"keys":[]}', isSecret: false, want: /holds no key/ },
    { what: 'a key without its modulus', text: '{"keys":[{"kty":"RSA","e":"AQAB"}]}', isSecret: false, want: /holds no key/ },
    { what: 'a type that is a property of every object', text: '{"keys":[{"kty":"constructor"}]}', isSecret: false, want: /holds no key/ },
    {
      what: 'a key and a megabyte of blanks',
      text: `{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}${' '.repeat(1_000_000)}`,
      isSecret: false,
      want: /^is longer than 65536 characters$/,
    },
    { what: 'null', text: 'null', isSecret: false, want: /no list "keys"/ },
  ])('$what', ({ text, isSecret, want }) => {
    const problem = keySetProblem(text, isSecret)
    if (want === undefined) expect(problem).toBeUndefined()
    else expect(problem).toMatch(want)
  })
})
