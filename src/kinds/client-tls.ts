/** TLS of clients, as a ClientTrafficPolicy says it. */
import type { ClientValidation, ClientTrafficTLS as TLS } from '../gen/kinds.js'
import { boolean, list, object, oneOf, optional, required, rule, setOf, string } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'
import { secretObjectReference } from './references.js'
import { stringMatch } from './string-match.js'
import { ALPN_PROTOCOLS, tlsAlgorithms } from './tls-algorithms.js'

const names = (description: string) => optional(list(stringMatch, { minItems: 1, maxItems: 16 }), description)

const subjectAltNames: ObjectSchema = object('ClientSubjectAltNames', 'Names of which a certificate must carry one, of any kind.', {
  dnsNames: names('DNS names.'),
  emailAddresses: names('Addresses of mail.'),
  ipAddresses: names('Addresses of IP.'),
  uris: names('URIs, such as SPIFFE IDs.'),
  otherNames: optional(
    list(
      object('ClientOtherName', 'A name of another kind.', {
        oid: required(
          string({ minLength: 3, maxLength: 128, pattern: '^[0-2](\\.(0|[1-9][0-9]{0,9}))+$' }),
          'The object identifier of its kind.',
        ),
        ...stringMatch.fields,
      }),
      { minItems: 1, maxItems: 16 },
    ),
    'Names of other kinds.',
  ),
})

const crl: ObjectSchema = object('ClientRevocation', 'Certificates that were revoked.', {
  refs: required(
    list(secretObjectReference, { minItems: 1, maxItems: 8 }),
    'Secrets or ConfigMaps with revocation lists under `ca.crl`, in PEM. Every authority of a chain needs one.',
  ),
  onlyVerifyLeafCertificate: optional(boolean(), 'True: only the certificate of the client is looked up, not those of its authorities.'),
})

/** Modes in which the certificate of a client is checked. */
const VERIFYING = ['VerifyIfGiven', 'RequireAndVerify']

const clientValidation: ObjectSchema = object(
  'ClientValidation',
  'How certificates of clients are checked.',
  {
    mode: optional(
      oneOf(['Request', 'RequireAny', 'VerifyIfGiven', 'RequireAndVerify'], { name: 'ClientValidationMode' }),
      '`Request` asks and checks nothing, `RequireAny` wants one and checks nothing, `VerifyIfGiven` checks one that is there, `RequireAndVerify` wants a good one.',
      { default: 'RequireAndVerify' },
    ),
    caCertificateRefs: optional(
      list(secretObjectReference, { minItems: 1, maxItems: 8 }),
      'Where the trusted authorities are: `ca.crt` of ConfigMaps or Secrets, or ClusterTrustBundles. Those of the Gateway (`tls.frontend`) when left out.',
    ),
    spkiHashes: optional(
      list(string({ minLength: 44, maxLength: 44, pattern: '^[A-Za-z0-9+/]{43}=$' }), { minItems: 1, maxItems: 64 }),
      'SHA-256 of public keys, in base64: a certificate must have one of them, or one of `certificateHashes`.',
    ),
    certificateHashes: optional(
      list(string({ minLength: 64, maxLength: 95, pattern: '^[0-9a-fA-F]{2}(:?[0-9a-fA-F]{2}){31}$' }), { minItems: 1, maxItems: 64 }),
      'SHA-256 of certificates, in hexadecimal.',
    ),
    subjectAltNames: optional(subjectAltNames, 'Names of which a certificate must carry one.'),
    crl: optional(crl, 'Certificates that were revoked.'),
    allowExpiredCertificate: optional(boolean(), 'True: a certificate may have expired.'),
  },
  {
    rules: [
      rule<ClientValidation>(
        'nothing-to-verify-without-verifying',
        "self.mode in ['VerifyIfGiven', 'RequireAndVerify'] || !(has(self.caCertificateRefs) || has(self.spkiHashes) || has(self.certificateHashes) || has(self.subjectAltNames) || has(self.crl))",
        'Request and RequireAny check nothing: leave out what certificates are checked against, or choose VerifyIfGiven or RequireAndVerify',
        (self) =>
          VERIFYING.includes(self.mode) ||
          (self.caCertificateRefs === undefined &&
            self.spkiHashes === undefined &&
            self.certificateHashes === undefined &&
            self.subjectAltNames === undefined &&
            self.crl === undefined),
      ),
    ],
  },
)

const nothing = (name: string, description: string) => object(name, description, {})

/** TLS of clients. */
export const clientTls: ObjectSchema = object(
  'ClientTrafficTLS',
  'TLS of clients. What a listener says in its `tls.options` counts before it.',
  {
    clientValidation: optional(clientValidation, 'How certificates of clients are checked; none is asked for when left out.'),
    minVersion: optional(oneOf(['Auto', '1.0', '1.1', '1.2', '1.3'], { name: 'TLSVersion' }), 'The lowest version; `Auto` is 1.2.'),
    maxVersion: optional(oneOf(['Auto', '1.0', '1.1', '1.2', '1.3'], { name: 'TLSVersion' }), 'The highest version; `Auto` is 1.3.'),
    ...tlsAlgorithms('clients'),
    alpnProtocols: optional(
      list(oneOf(ALPN_PROTOCOLS, { name: 'ALPNProtocol' }), { maxItems: ALPN_PROTOCOLS.length }),
      'What may be spoken inside, in the order of preference; `h2` and `http/1.1` when left out, nothing is offered when empty.',
    ),
    fingerprints: optional(
      setOf(oneOf(['JA3', 'JA4'], { name: 'TLSFingerprint' }), { minItems: 1, maxItems: 2 }),
      'Fingerprints of handshakes that are taken: access logs and headers can tell them (`%TLS_JA3_FINGERPRINT%`, `%TLS_JA4_FINGERPRINT%`).',
    ),
    session: optional(
      object('ClientTLSSession', 'How sessions are resumed.', {
        resumption: optional(
          object('ClientTLSResumption', 'Ways to resume a session; none when both are left out.', {
            stateless: optional(nothing('StatelessTLSResumption', 'By tickets that clients keep.'), 'By tickets that clients keep.'),
            stateful: optional(nothing('StatefulTLSResumption', 'By what Envoy remembers.'), 'By what Envoy remembers (TLS 1.2).'),
          }),
          'Ways to resume a session; none when left out.',
        ),
      }),
      'How sessions are resumed: by tickets and by what Envoy remembers when left out, not at all when empty.',
    ),
  },
  {
    rules: [
      rule<TLS>(
        'tls-min-not-above-max',
        "!has(self.minVersion) || !has(self.maxVersion) || self.minVersion == 'Auto' || self.maxVersion == 'Auto' || self.minVersion <= self.maxVersion",
        'minVersion must not be above maxVersion',
        (self) =>
          self.minVersion === undefined ||
          self.maxVersion === undefined ||
          self.minVersion === 'Auto' ||
          self.maxVersion === 'Auto' ||
          self.minVersion <= self.maxVersion,
      ),
      rule<TLS>(
        'no-ciphers-with-tls-1-3-alone',
        "!has(self.ciphers) || !has(self.minVersion) || self.minVersion != '1.3'",
        'ciphers are chosen up to TLS 1.2: leave them out when minVersion is 1.3',
        (self) => self.ciphers === undefined || self.minVersion !== '1.3',
      ),
    ],
  },
)
