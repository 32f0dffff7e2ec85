/**
 * The certificates between control plane and proxies: an authority of our own and short-lived leaves, all ECDSA on P-256.
 *
 * Source: RFC 5280.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import { isIP } from 'node:net'
import { errorText } from '../../../util/error-text.js'
import { bits, explicit, implicit, integer, objectId, octets, pem, sequence, setOf, time, utf8, yes } from './der.js'
import { issuerOf } from './issuer.js'

/** A certificate and its private key, as PEM. */
export interface CertificatePair {
  readonly certificate: string
  readonly privateKey: string
}

/** What a leaf says. */
export interface LeafRequest {
  /** For people. */
  readonly commonName: string
  readonly dnsNames?: readonly string[]
  readonly addresses?: readonly string[]
  readonly uris?: readonly string[]
  readonly usage: 'server' | 'client'
  readonly lifetimeMs: number
}

/** Clocks differ: a certificate is valid a little before it was made. */
const CLOCK_SKEW_MS = 5 * 60_000

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

const KEY_CERT_SIGN_AND_CRL_SIGN = bits(Buffer.from([0x06]), 1)
const DIGITAL_SIGNATURE = bits(Buffer.from([0x80]), 7)

/** A new authority. It can sign leaves, but no further authorities. */
export function createAuthority(commonName: string, now: Date, lifetimeMs: number): CertificatePair {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const id = keyIdentifier(keys.publicKey)
  return build({
    subject: name(commonName),
    issuer: name(commonName),
    keys,
    signer: keys.privateKey,
    now,
    lifetimeMs,
    extensions: [
      extension(OID.basicConstraints, sequence(yes, integer(Buffer.from([0]))), 'critical'),
      extension(OID.keyUsage, KEY_CERT_SIGN_AND_CRL_SIGN, 'critical'),
      extension(OID.subjectKeyIdentifier, octets(id)),
      extension(OID.authorityKeyIdentifier, sequence(implicit(0, id))),
    ],
  })
}

/** A new key with a certificate of that authority. */
export function issueCertificate(authority: CertificatePair, request: LeafRequest, now: Date): CertificatePair {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signer = createPrivateKey(authority.privateKey)
  const issuer = issuerOf(authority.certificate)
  const names = [
    ...(request.dnsNames ?? []).map((dns) => implicit(2, Buffer.from(dns))),
    ...(request.uris ?? []).map((uri) => implicit(6, Buffer.from(uri))),
    ...(request.addresses ?? []).map((address) => implicit(7, addressBytes(address))),
  ]
  return build({
    subject: name(request.commonName),
    issuer: issuer.name,
    keys,
    signer,
    now,
    lifetimeMs: request.lifetimeMs,
    extensions: [
      extension(OID.basicConstraints, sequence(), 'critical'),
      extension(OID.keyUsage, DIGITAL_SIGNATURE, 'critical'),
      extension(OID.extendedKeyUsage, sequence(objectId(request.usage === 'server' ? OID.serverAuth : OID.clientAuth))),
      extension(OID.subjectKeyIdentifier, octets(keyIdentifier(keys.publicKey))),
      extension(OID.authorityKeyIdentifier, sequence(implicit(0, issuer.keyIdentifier ?? keyIdentifier(createPublicKey(signer))))),
      ...(names.length === 0 ? [] : [extension(OID.subjectAlternativeName, sequence(...names))]),
    ],
  })
}

/** Why nothing can be signed by this pair, for people; undefined if all is well. */
export function authorityProblem({ certificate, privateKey }: CertificatePair): string | undefined {
  try {
    const known = new X509Certificate(certificate)
    const key = createPrivateKey(privateKey)
    if (!known.ca) return 'its certificate is not one of an authority (CA:TRUE)'
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return 'its key is not one of ECDSA on P-256'
    return known.checkPrivateKey(key) ? undefined : 'its key does not belong to its certificate'
  } catch (error) {
    return `its certificate or its key cannot be read: ${errorText(error)}`
  }
}

/** When a certificate shall be replaced: after two thirds of its life, so that the new one is there long before the old one ends. */
export function renewalTime({ certificate }: Pick<CertificatePair, 'certificate'>): Date {
  const { validFrom, validTo } = new X509Certificate(certificate)
  const from = Date.parse(validFrom)
  return new Date(from + ((Date.parse(validTo) - from) * 2) / 3)
}

/** True if a certificate is valid, and need not be replaced yet. One from before the clock was set back is not valid yet. */
export function isFresh(pair: Pick<CertificatePair, 'certificate'>, now: Date): boolean {
  return Date.parse(new X509Certificate(pair.certificate).validFrom) <= now.getTime() && now < renewalTime(pair)
}

interface Content {
  readonly subject: Buffer
  readonly issuer: Buffer
  readonly keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
  readonly signer: KeyObject
  readonly now: Date
  readonly lifetimeMs: number
  readonly extensions: readonly Buffer[]
}

function build({ subject, issuer, keys, signer, now, lifetimeMs, extensions }: Content): CertificatePair {
  const algorithm = sequence(objectId(OID.ecdsaWithSha256))
  const content = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(serialNumber()),
    algorithm,
    issuer,
    sequence(time(new Date(now.getTime() - CLOCK_SKEW_MS)), time(new Date(now.getTime() + lifetimeMs))),
    subject,
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  )
  const certificate = sequence(content, algorithm, bits(sign('sha256', content, signer)))
  return {
    certificate: pem('CERTIFICATE', certificate),
    privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/** 16 random bytes; the first is neither zero nor negative, so that the form is the shortest. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16)
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0)
  return bytes
}

const name = (commonName: string): Buffer => sequence(setOf(sequence(objectId(OID.commonName), utf8(commonName))))

/** RFC 5280, section 4.2.1.2: the SHA-1 of the public key. It names the key, nothing relies on it. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
}

function extension(id: string, value: Buffer, critical?: 'critical'): Buffer {
  return sequence(objectId(id), ...(critical === undefined ? [] : [yes]), octets(value))
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  if (isIP(address) !== 6) throw new TypeError(`${JSON.stringify(address)} is not an IP address`)
  const [head = '', tail] = expandEmbedded(address).split('::')
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)))
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const all = tail === undefined ? before : [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}

/** `::ffff:10.0.0.1` as `::ffff:a00:1`. */
function expandEmbedded(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a: string, b: string, c: string, d: string) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(':'),
  )
}
