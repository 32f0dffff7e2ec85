/** ClusterTrustBundle. Source: Kubernetes 1.37, `certificates.k8s.io/v1`; before 1.37 it is a beta or alpha that has to be switched on. */
import { object, optional, required, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { ObjectSchema } from '../schema/schema.js'

const spec: ObjectSchema = object('ClusterTrustBundleSpec', 'The authorities.', {
  signerName: optional(string(), 'The signer that the authorities belong to.'),
  trustBundle: required(string(), 'The certificates of the authorities, in PEM.'),
})

/** ClusterTrustBundle: authorities that the whole cluster may trust. */
export const clusterTrustBundle: KindDefinition = {
  kind: 'ClusterTrustBundle',
  group: 'certificates.k8s.io',
  versions: ['v1', 'v1beta1', 'v1alpha1'],
  plural: 'clustertrustbundles',
  namespaced: false,
  hasGeneration: false,
  hasStatus: false,
  isOwn: false,
  schema: object('ClusterTrustBundle', 'Authorities that the whole cluster may trust.', { spec: required(spec, 'The authorities.') }),
}
