/** Certificate authorities that are trusted, from ConfigMaps, ClusterTrustBundles and Secrets. */
import type { ClusterTrustBundle, ConfigMap, Secret } from '../../gen/kinds.js'
import type { TrustMaterial } from '../../ir/tls.js'
import { type ObjectVersion, objectVersion } from '../../util/object-ref.js'
import { decode } from './certificates.js'
import { type Read, readCertificates, toPem } from './pem.js'

/** The key under which an object holds authorities. */
export const AUTHORITIES = 'ca.crt'

/** The authorities in a ConfigMap, key `ca.crt`. */
export function readConfigMapTrust(configMap: ConfigMap): Read<TrustMaterial> {
  const { data = {}, binaryData = {} } = configMap
  const text = Object.hasOwn(data, AUTHORITIES)
    ? data[AUTHORITIES]
    : Object.hasOwn(binaryData, AUTHORITIES)
      ? Buffer.from(binaryData[AUTHORITIES] ?? '', 'base64').toString('utf8')
      : undefined
  return readTrust(objectVersion(configMap), text, '')
}

/** The authorities in a Secret, key `ca.crt`. */
export function readSecretTrust(secret: Secret): Read<TrustMaterial> {
  return readTrust(objectVersion(secret), decode(secret, AUTHORITIES), `/${AUTHORITIES}`)
}

/** The authorities in a ClusterTrustBundle. */
export function readClusterTrustBundle(bundle: ClusterTrustBundle): Read<TrustMaterial> {
  return readTrust(objectVersion(bundle), bundle.spec.trustBundle, '')
}

function readTrust(object: ObjectVersion, text: string | undefined, suffix: string): Read<TrustMaterial> {
  if (text === undefined) return { ok: false, message: `has no data "${AUTHORITIES}"` }
  const read = readCertificates(text)
  if (!read.ok) return { ok: false, message: `${read.message}${object.kind === 'ClusterTrustBundle' ? '' : ` in "${AUTHORITIES}"`}` }
  const name = `${object.kind}/${object.namespace}/${object.name}${suffix}`
  return { ok: true, value: { kind: 'trust', name, authorities: toPem(read.value), origins: [object] } }
}
