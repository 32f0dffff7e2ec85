/** ConfigMap. Source: Kubernetes 1.36, `core/v1`. */
import { boolean, mapOf, object, optional, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'

/** ConfigMap: configuration and certificates of authorities. */
export const configMap: KindDefinition = {
  kind: 'ConfigMap',
  group: '',
  versions: ['v1'],
  plural: 'configmaps',
  namespaced: true,
  hasGeneration: false,
  hasStatus: false,
  isOwn: false,
  schema: object('ConfigMap', 'Configuration and certificates of authorities.', {
    data: optional(mapOf(string()), 'Content that is text.'),
    binaryData: optional(mapOf(string({ format: 'byte' })), 'Content that is not text, in base64.'),
    immutable: optional(boolean(), 'Whether the content never changes.'),
  }),
}
