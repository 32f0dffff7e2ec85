/** Lists of revoked certificates, from Secrets and ConfigMaps. */
import type { ConfigMap, Secret } from '../../gen/kinds.js'
import type { TrustMaterial } from '../../ir/tls.js'
import { type ObjectVersion, objectVersion } from '../../util/object-ref.js'
import { decode } from './certificates.js'
import type { Read } from './pem.js'

/** The key under which an object holds revocation lists. */
export const REVOKED = 'ca.crl'

const BLOCK = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/g

/** The lists in a Secret, key `ca.crl`. */
export function readSecretRevocations(secret: Secret): Read<TrustMaterial> {
  return read(objectVersion(secret), decode(secret, REVOKED))
}

/** The lists in a ConfigMap, key `ca.crl`. */
export function readConfigMapRevocations(configMap: ConfigMap): Read<TrustMaterial> {
  const { data = {} } = configMap
  return read(objectVersion(configMap), Object.hasOwn(data, REVOKED) ? data[REVOKED] : undefined)
}

/** Lists alone: they count together with the authorities that they are named with. */
function read(object: ObjectVersion, text: string | undefined): Read<TrustMaterial> {
  if (text === undefined) return { ok: false, message: `has no data "${REVOKED}"` }
  const blocks = [...text.matchAll(BLOCK)]
  if (blocks.length === 0) return { ok: false, message: `holds no revocation list in PEM in "${REVOKED}"` }
  if (blocks.some(([, body = '']) => !isSequence(Buffer.from(body, 'base64')))) {
    return { ok: false, message: `holds a malformed revocation list in "${REVOKED}"` }
  }
  const name = `${object.kind}/${object.namespace}/${object.name}/${REVOKED}`
  const revoked = blocks.map(([block]) => `${block}\n`).join('')
  return { ok: true, value: { kind: 'trust', name, authorities: '', revoked, origins: [object] } }
}

const SEQUENCE = 0x30
const LONG_FORM = 0x80

/** True if the bytes are one ASN.1 sequence from the first to the last. */
function isSequence(bytes: Buffer): boolean {
  const [tag, first = 0] = bytes
  if (tag !== SEQUENCE) return false
  if (first < LONG_FORM) return bytes.length === 2 + first
  const size = first - LONG_FORM
  if (size === 0 || size > 4 || bytes.length < 2 + size) return false
  return bytes.length === 2 + size + bytes.readUIntBE(2, size)
}
