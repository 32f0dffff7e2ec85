import { describe, expect, it } from '@jest/globals'
import { Sensitive } from '../../ir/sensitive.js'
import type { SecretMaterial } from '../../ir/tls.js'
import { buildSecret, encodeSecret } from './secret.js'

describe('a secret', () => {
  it.each<{ secret: SecretMaterial; want: object }>([
    {
      secret: { kind: 'certificate', name: 's', origins: [], chain: 'CHAIN', privateKey: new Sensitive('KEY') },
      want: { tlsCertificate: { certificateChain: { inlineString: 'CHAIN' }, privateKey: { inlineString: 'KEY' } } },
    },
    {
      secret: { kind: 'trust', name: 's', origins: [], authorities: 'CA' },
      want: { validationContext: { trustedCa: { inlineString: 'CA' } } },
    },
    {
      secret: { kind: 'trust', name: 's', origins: [], authorities: 'CA', revoked: 'CRL' },
      want: { validationContext: { trustedCa: { inlineString: 'CA' }, crl: { inlineString: 'CRL' } } },
    },
    {
      secret: { kind: 'text', name: 's', origins: [], text: new Sensitive('T') },
      want: { genericSecret: { secret: { inlineString: 'T' } } },
    },
  ])('of kind $secret.kind', ({ secret, want }) => {
    expect(buildSecret(secret)).toEqual({ name: 's', ...want })
    expect(encodeSecret(secret)).toMatchObject({ name: 's', references: [] })
  })
})
