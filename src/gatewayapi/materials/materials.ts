/** Certificates and authorities that something refers to: each object is read once, whoever refers to it. */
import type { Secret, SecretObjectReference } from '../../gen/kinds.js'
import type { Collection, Graph, Keys, View } from '../../incremental/index.js'
import type { SecretMaterial } from '../../ir/tls.js'
import type { KubeObject } from '../../provider/provider.js'
import { type ObjectKey, objectKey } from '../../util/object-ref.js'
import type { OurGateway } from '../gateways/gateways.js'
import type { Inputs } from '../inputs.js'
import type { OurListenerSet } from '../listeners/listener-sets.js'
import { servedVersion } from '../served-version.js'
import { readCertificate } from './certificates.js'
import {
  certificateName,
  frontendMaterialNames,
  listenerMaterialNames,
  type TrustReference,
  textName,
  trustName,
  validationMaterialNames,
} from './material-names.js'
import type { Read } from './pem.js'
import { REVOKED, readConfigMapRevocations, readSecretRevocations } from './revocation-lists.js'
import { readText } from './secret-text.js'
import { AUTHORITIES, readClusterTrustBundle, readConfigMapTrust, readSecretTrust } from './trust-bundles.js'

/** What an object holds, and what is worth knowing about it. */
export interface FoundMaterial {
  readonly material: SecretMaterial
  /** DNS names of a certificate; empty for authorities. */
  readonly dnsNames: readonly string[]
  /** RFC 3339, for certificates. */
  readonly validUntil?: string
  /** Envoy's words about the present version of the object, where an older one serves in its place. */
  readonly refusal?: string
}

/** Material by name, or why it cannot be used. No value: there is no such object. */
export type Materials = Collection<Read<FoundMaterial>>

/** Declares the material that Gateways, ListenerSets, backends and policies for backends refer to, by its name. */
export function declareMaterials(
  graph: Graph,
  inputs: Inputs,
  gateways: Collection<OurGateway>,
  sets: Collection<OurListenerSet>,
): Materials {
  return graph.collection('materials', {
    keys: referrers(graph, inputs, gateways, sets),
    compute: (view, name) => {
      const [kind = '', namespace = '', object = '', part] = name.split('/')
      return read(view, inputs, { kind, key: objectKey(namespace, object), part })
    },
  })
}

function referrers(graph: Graph, inputs: Inputs, gateways: Collection<OurGateway>, sets: Collection<OurListenerSet>): readonly Keys[] {
  const trustNames = (refs: readonly TrustReference[] | undefined, namespace: string): readonly string[] =>
    (refs ?? []).flatMap((ref) => trustName(ref, namespace) ?? [])
  const certificateNames = (ref: SecretObjectReference | undefined, namespace: string): readonly string[] => {
    const name = ref && certificateName(ref, namespace)
    return name === undefined ? [] : [name]
  }
  return [
    graph.index(gateways, 'materials of gateways', ({ spec, object: { namespace } }) => [
      ...spec.listeners.flatMap((listener) => listenerMaterialNames(listener.tls, namespace)),
      ...frontendMaterialNames(spec.tls?.frontend, namespace),
      ...certificateNames(spec.tls?.backend?.clientCertificateRef, namespace),
    ]),
    graph.index(sets, 'materials of listener sets', ({ spec, object }) =>
      spec.listeners.flatMap((listener) => listenerMaterialNames(listener.tls, object.namespace)),
    ),
    graph.index(inputs.kind('BackendTLSPolicy'), 'materials of backend TLS policies', ({ spec, metadata }) =>
      trustNames(spec.validation.caCertificateRefs, metadata.namespace),
    ),
    graph.index(inputs.kind('Backend'), 'materials of backends', ({ spec, metadata: { namespace } }) => [
      ...trustNames(spec.tls?.caCertificateRefs, namespace),
      ...certificateNames(spec.tls?.clientCertificateRef, namespace),
    ]),
    graph.index(inputs.kind('ClientTrafficPolicy'), 'materials of client traffic policies', ({ spec, metadata: { namespace } }) => [
      ...validationMaterialNames(spec.tls?.clientValidation, namespace),
      ...validationMaterialNames(spec.overrides?.tls?.clientValidation, namespace),
    ]),
    graph.index(inputs.kind('XBackend'), 'materials of experimental backends', ({ spec, metadata: { namespace } }) => [
      ...trustNames(spec.tls.validation?.caCertificateRefs, namespace),
      ...certificateNames(spec.tls.clientCertificateRef, namespace),
    ]),
    graph.index(inputs.kind('HTTPRouteFilter'), 'materials of route filters', ({ spec, metadata: { namespace } }) => {
      const ref = spec.credentialInjection?.credential.valueRef
      const name = ref && textName(ref, namespace, 'credential')
      return name === undefined ? [] : [name]
    }),
  ]
}

interface MaterialPlace {
  readonly kind: string
  readonly key: ObjectKey
  /** A key within the object, where one object holds several materials. */
  readonly part: string | undefined
}

function read(view: View, inputs: Inputs, { kind, key, part }: MaterialPlace): Read<FoundMaterial> | undefined {
  const quarantine = view.get(inputs.quarantines, `${kind}/${key}`)
  const readServed = <T extends KubeObject>(
    object: T | undefined,
    how: (object: T) => Read<FoundMaterial>,
  ): Read<FoundMaterial> | undefined => {
    if (object === undefined) return undefined
    const served = servedVersion(object, quarantine)
    if (served.isRefused) return { ok: false, message: `was refused by Envoy: ${quarantine?.message ?? ''}` }
    const found = how(served.object)
    const isReplaced = found.ok && served.object !== object && quarantine?.state === 'rejected'
    return isReplaced ? { ok: true, value: { ...found.value, refusal: quarantine.message } } : found
  }
  switch (kind) {
    case 'Secret':
      return readServed(view.get(inputs.kind('Secret'), key), (secret) => readSecret(secret, part))
    case 'ConfigMap':
      return readServed(view.get(inputs.kind('ConfigMap'), key), (configMap) =>
        asMaterial(part === REVOKED ? readConfigMapRevocations(configMap) : readConfigMapTrust(configMap)),
      )
    case 'ClusterTrustBundle':
      return readServed(view.get(inputs.kind('ClusterTrustBundle'), key), (bundle) => asMaterial(readClusterTrustBundle(bundle)))
    default:
      return undefined
  }
}

/** A certificate, authorities, or the text of another key. */
function readSecret(secret: Secret, part: string | undefined): Read<FoundMaterial> {
  if (part === undefined) return readCertificate(secret)
  switch (part) {
    case AUTHORITIES:
      return asMaterial(readSecretTrust(secret))
    case REVOKED:
      return asMaterial(readSecretRevocations(secret))
    default:
      return asMaterial(readText(secret, part))
  }
}

function asMaterial(read: Read<SecretMaterial>): Read<FoundMaterial> {
  return read.ok ? { ok: true, value: { material: read.value, dnsNames: [] } } : read
}
