/** Namespace: only its labels are read. Source: Kubernetes 1.36, `core/v1`. */
import { object, optional } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'

/** Namespace: a part of the cluster, with labels that selectors look at. */
export const namespace: KindDefinition = {
  kind: 'Namespace',
  group: '',
  versions: ['v1'],
  plural: 'namespaces',
  namespaced: false,
  hasGeneration: false,
  hasStatus: true,
  isOwn: false,
  schema: object(
    'Namespace',
    'A part of the cluster, with labels that selectors look at.',
    { spec: optional(object('NamespaceSpec', 'Nothing of it is read.', {}, { ignored: ['finalizers'] }), 'Nothing of it is read.') },
    { ignored: ['status'] },
  ),
}
