/** What a certificate repeats of the authority that signs it: byte by byte, since whoever checks it compares bytes. */
import { X509Certificate } from 'node:crypto'
import { readDer, TAG } from './der-reader.js'

/** Of an authority. */
export interface Issuer {
  /** Its whole subject, as DER: an authority of somebody else may have more than a common name, in other forms of text. */
  readonly name: Buffer
  /** Its subject key identifier; undefined where it has none. How it is made is up to the authority (RFC 5280, section 4.2.1.2). */
  readonly keyIdentifier: Buffer | undefined
}

/** `id-ce-subjectKeyIdentifier`, 2.5.29.14. */
const SUBJECT_KEY_IDENTIFIER = Buffer.from([0x55, 0x1d, 0x0e])

/**
 * Reads it from the first certificate in a PEM.
 *
 * Source: RFC 5280, section 4.1.
 */
export function issuerOf(certificate: string): Issuer {
  const [whole] = readDer(new X509Certificate(certificate).raw)
  const [content] = whole === undefined ? [] : readDer(whole.content)
  const fields = content === undefined ? [] : readDer(content.content)
  // The version is left out in the first version of certificates.
  const [, , , , subject] = fields[0]?.tag === TAG.explicit0 ? fields.slice(1) : fields
  if (subject === undefined) throw new TypeError('this is no certificate: it has no subject')
  const [extensions] = readDer(fields.find(({ tag }) => tag === TAG.explicit3)?.content ?? Buffer.alloc(0))
  const found = readDer(extensions?.content ?? Buffer.alloc(0))
    .map(({ content }) => readDer(content))
    .find(([id]) => id?.content.equals(SUBJECT_KEY_IDENTIFIER))
  // The value of an extension is an OCTET STRING around its DER, which is one again here.
  const [keyIdentifier] = readDer(found?.at(-1)?.content ?? Buffer.alloc(0))
  return { name: subject.whole, keyIdentifier: keyIdentifier?.content }
}
