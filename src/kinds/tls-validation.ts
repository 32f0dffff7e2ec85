/**
 * How certificates of backends are checked.
 *
 * Source: Gateway API v1.7.0, `BackendTLSPolicyValidation`.
 */
import type { BackendTLSPolicyValidation } from '../gen/kinds.js'
import { list, object, optional, required, rule, string } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'
import { localObjectReference } from './references.js'
import { preciseHostname } from './strings.js'
import { subjectAltName } from './subject-alt-name.js'

/** How certificates of backends are checked. */
export const backendTlsValidation: ObjectSchema = object(
  'BackendTLSPolicyValidation',
  'How certificates of backends are checked.',
  {
    caCertificateRefs: optional(
      list(localObjectReference, { minItems: 1, maxItems: 8 }),
      'Where the trusted authorities are: ConfigMaps with a `ca.crt`.',
    ),
    wellKnownCACertificates: optional(
      string({
        minLength: 1,
        maxLength: 253,
        pattern:
          '^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$',
      }),
      '`System` trusts the authorities of the system.',
    ),
    hostname: required(preciseHostname, 'The name that is asked for (SNI) and that the certificate must carry.'),
    subjectAltNames: optional(
      list(subjectAltName, { maxItems: 5 }),
      'Names of which the certificate must carry one, instead of `hostname`.',
    ),
  },
  {
    rules: [
      rule<BackendTLSPolicyValidation>(
        'one-kind-of-authorities',
        '(has(self.caCertificateRefs)?1:0)+(has(self.wellKnownCACertificates)?1:0) == 1',
        'exactly one of the fields in [caCertificateRefs wellKnownCACertificates] must be set',
        (self) => (self.caCertificateRefs === undefined) !== (self.wellKnownCACertificates === undefined),
        { channel: 'experimental' },
      ),
    ],
  },
)
