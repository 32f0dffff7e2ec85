/** Certificates with their private keys, from Secrets. */
import type { KeyObject, X509Certificate } from 'node:crypto'
import type { Secret } from '../../gen/kinds.js'
import { Sensitive } from '../../ir/sensitive.js'
import type { CertificateMaterial } from '../../ir/tls.js'
import { objectVersion } from '../../util/object-ref.js'
import { dnsNames, type Read, readCertificates, readPrivateKey, toPem } from './pem.js'

/** A usable certificate and what is worth knowing about it. */
export interface Certificate {
  readonly material: CertificateMaterial
  /** DNS names of the leaf. */
  readonly dnsNames: readonly string[]
  /** RFC 3339. It is used all the same when it has expired: clients then see an expired certificate and not a broken gateway. */
  readonly validUntil: string
}

/** The certificate in a Secret: `tls.crt` and `tls.key`, well-formed and belonging together. */
export function readCertificate(secret: Secret): Read<Certificate> {
  const chainText = decode(secret, 'tls.crt')
  const keyText = decode(secret, 'tls.key')
  if (chainText === undefined) return { ok: false, message: 'has no data "tls.crt"' }
  if (keyText === undefined) return { ok: false, message: 'has no data "tls.key"' }
  const chain = readCertificates(chainText)
  if (!chain.ok) return { ok: false, message: `${chain.message} in "tls.crt"` }
  const key = readPrivateKey(keyText)
  if (!key.ok) return { ok: false, message: `${key.message} in "tls.key"` }
  const [leaf] = chain.value
  const problem = leaf === undefined ? 'holds no certificate in "tls.crt"' : pairProblem(leaf, key.value)
  if (leaf === undefined || problem !== undefined) return { ok: false, message: problem ?? '' }
  const { namespace, name } = secret.metadata
  return {
    ok: true,
    value: {
      material: {
        kind: 'certificate',
        name: `Secret/${namespace}/${name}`,
        chain: toPem(chain.value),
        privateKey: new Sensitive(keyText),
        origins: [objectVersion(secret)],
      },
      dnsNames: dnsNames(leaf),
      validUntil: leaf.validToDate.toISOString(),
    },
  }
}

/** The text of a key of a Secret; undefined where it has none. */
export function decode(secret: Secret, key: string): string | undefined {
  const data = secret.data ?? {}
  return Object.hasOwn(data, key) ? Buffer.from(data[key] ?? '', 'base64').toString('utf8') : undefined
}

/** Curves of ECDSA keys that Envoy takes. */
const CURVES: readonly string[] = ['prime256v1', 'secp384r1', 'secp521r1']

/** Bits of RSA keys below which Envoy refuses them. */
const RSA_BITS = 2048

function pairProblem(leaf: X509Certificate, key: KeyObject): string | undefined {
  if (!leaf.checkPrivateKey(key)) return 'holds a private key that does not belong to the first certificate of "tls.crt"'
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return modulusLength < RSA_BITS ? `holds an RSA key of ${modulusLength} bits: Envoy takes ${RSA_BITS} and more` : undefined
    case 'ec':
      return CURVES.includes(namedCurve) ? undefined : `holds a key on the curve ${namedCurve}: Envoy takes P-256, P-384 and P-521`
    case 'ed25519':
      return undefined
    default:
      return `holds a key of type ${key.asymmetricKeyType}: Envoy takes RSA, ECDSA and Ed25519`
  }
}
