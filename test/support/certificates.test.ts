import { X509Certificate } from 'node:crypto'
import { expect, it } from '@jest/globals'
import { createAuthority } from './certificates.js'

it('issues leaves that the authority signed', async () => {
  const authority = await createAuthority()
  const leaf = new X509Certificate((await authority.issue({ dns: ['a.example.com'], uris: ['spiffe://a'] })).certificate)
  expect(leaf.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true)
  expect(leaf.checkHost('a.example.com')).toBe('a.example.com')
})
