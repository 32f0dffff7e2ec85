/** Secret. Source: Kubernetes 1.36, `core/v1`. */
import { boolean, mapOf, object, optional, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'

/** Secret: certificates, keys and passwords. */
export const secret: KindDefinition = {
  kind: 'Secret',
  group: '',
  versions: ['v1'],
  plural: 'secrets',
  namespaced: true,
  hasGeneration: false,
  hasStatus: false,
  isOwn: false,
  schema: object('Secret', 'Certificates, keys and passwords.', {
    type: optional(string(), 'What the Secret holds, such as `kubernetes.io/tls`.', { default: 'Opaque' }),
    data: optional(mapOf(string({ format: 'byte' })), 'The content, in base64.'),
    stringData: optional(mapOf(string()), 'Content as plain text; it goes into `data` before the object is stored.'),
    immutable: optional(boolean(), 'Whether the content never changes.'),
  }),
}
