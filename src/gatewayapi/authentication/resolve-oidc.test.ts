import { describe, expect, it } from '@jest/globals'
import { redirectPath } from './resolve-oidc.js'

describe('redirectPath', () => {
  it.each([
    { url: 'https://shop.example.com/oauth2/callback', path: '/oauth2/callback' },
    { url: '%REQ(x-forwarded-proto)%://%REQ(:authority)%/oauth2/callback', path: '/oauth2/callback' },
    { url: 'http://shop.example.com:8080/a', path: '/a' },
    { url: 'https://shop.example.com', path: '' },
    { url: 'https://shop.example.com/', path: '' },
  ])('of $url is "$path"', ({ url, path }) => {
    expect(redirectPath(url)).toBe(path)
  })
})
