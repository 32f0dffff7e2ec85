import { describe, expect, it } from '@jest/globals'
import { readTlsOptions } from './listener-tls-options.js'

describe('readTlsOptions', () => {
  it('reads every option', () => {
    expect(
      readTlsOptions({
        'headgate.dev/tls-min-version': '1.2',
        'headgate.dev/tls-max-version': '1.3',
        'headgate.dev/tls-ciphers': 'ECDHE-RSA-AES128-GCM-SHA256, AES128-SHA',
        'headgate.dev/tls-curves': 'X25519,P-256',
        'headgate.dev/tls-signature-algorithms': 'ed25519',
        'headgate.dev/alpn-protocols': 'http/1.1',
      }),
    ).toEqual({
      settings: {
        minVersion: '1.2',
        maxVersion: '1.3',
        ciphers: ['ECDHE-RSA-AES128-GCM-SHA256', 'AES128-SHA'],
        curves: ['X25519', 'P-256'],
        signatureAlgorithms: ['ed25519'],
        alpn: ['http/1.1'],
      },
      problems: [],
    })
  })

  it('leaves the options of others alone', () => {
    expect(readTlsOptions({ 'example.com/tls-min-version': '9' })).toEqual({ settings: {}, problems: [] })
    expect(readTlsOptions(undefined)).toEqual({ settings: {}, problems: [] })
  })

  it.each([
    { options: { 'headgate.dev/tls-min-version': '2' }, problem: /"headgate.dev\/tls-min-version" cannot be "2"/ },
    { options: { 'headgate.dev/tls-ciphers': 'FOO' }, problem: /cannot be "FOO"/ },
    { options: { 'headgate.dev/tls-curves': '' }, problem: /cannot be ""/ },
    { options: { 'headgate.dev/cipher': 'x' }, problem: /There is no option "headgate.dev\/cipher"/ },
    {
      options: { 'headgate.dev/tls-min-version': '1.3', 'headgate.dev/tls-max-version': '1.2' },
      problem: /1.3, is above the highest, 1.2/,
    },
  ])('refuses $options', ({ options, problem }) => {
    const { problems } = readTlsOptions(Object.fromEntries(Object.entries(options)))
    expect(problems).toEqual([expect.stringMatching(problem)])
  })
})
