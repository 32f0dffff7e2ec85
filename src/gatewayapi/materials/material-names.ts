/** Names of key material: the object that it comes from. They are the names of the secrets that proxies ask for. */
import type { ClientValidation, FrontendTLSConfig, ListenerTLSConfig, SecretObjectReference } from '../../gen/kinds.js'

/** A reference to an object that may hold authorities. */
export interface TrustReference {
  readonly group: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

/** The name of the certificate that a reference means; undefined if its kind holds none. */
export function certificateName(ref: SecretObjectReference, namespace: string): string | undefined {
  return ref.group === '' && ref.kind === 'Secret' ? `Secret/${ref.namespace ?? namespace}/${ref.name}` : undefined
}

/** The name of the authorities that a reference means; undefined if its kind holds none. */
export function trustName(ref: TrustReference, namespace: string): string | undefined {
  const within = ref.namespace ?? namespace
  if (ref.group === '' && ref.kind === 'ConfigMap') return `ConfigMap/${within}/${ref.name}`
  if (ref.group === '' && ref.kind === 'Secret') return `Secret/${within}/${ref.name}/ca.crt`
  if (ref.group === 'certificates.k8s.io' && ref.kind === 'ClusterTrustBundle') return `ClusterTrustBundle//${ref.name}`
  return undefined
}

/** The name of the revocation lists that a reference means; undefined if its kind holds none. */
export function revocationName(ref: TrustReference, namespace: string): string | undefined {
  const isKnown = ref.group === '' && (ref.kind === 'ConfigMap' || ref.kind === 'Secret')
  return isKnown ? `${ref.kind}/${ref.namespace ?? namespace}/${ref.name}/ca.crl` : undefined
}

/** The name of a text in a Secret; undefined if the reference is to another kind. */
export function textName(ref: SecretObjectReference, namespace: string, key: string): string | undefined {
  const whole = certificateName(ref, namespace)
  return whole === undefined ? undefined : `${whole}/${key}`
}

const JOIN = '+'

/** The name of several authorities that are trusted together, and of revocation lists. Names of objects have no plus sign. */
export function combinedTrustName(names: readonly string[]): string {
  return [...new Set(names.flatMap(partsOfTrustName))].sort().join(JOIN)
}

/** The names that a combined name was made of. */
export function partsOfTrustName(name: string): readonly string[] {
  return name.split(JOIN)
}

/** Names of the certificates of a listener, whether or not they may be used. */
export function listenerMaterialNames(tls: ListenerTLSConfig | undefined, namespace: string): readonly string[] {
  return (tls?.certificateRefs ?? []).flatMap((ref) => certificateName(ref, namespace) ?? [])
}

/** Names of the authorities for client certificates, whether or not they may be used. */
export function frontendMaterialNames(frontend: FrontendTLSConfig | undefined, namespace: string): readonly string[] {
  const configs = [frontend?.default, ...(frontend?.perPort ?? []).map((port) => port.tls)]
  return configs.flatMap((config) => (config?.validation?.caCertificateRefs ?? []).flatMap((ref) => trustName(ref, namespace) ?? []))
}

/** Names of the material that a validation refers to, whether or not it may be used. */
export function validationMaterialNames(validation: ClientValidation | undefined, namespace: string): readonly string[] {
  return [
    ...(validation?.caCertificateRefs ?? []).flatMap((ref) => trustName(ref, namespace) ?? []),
    ...(validation?.crl?.refs ?? []).flatMap((ref) => revocationName(ref, namespace) ?? []),
  ]
}
