/** Whether an older version of an object may serve while a proxy refuses the present one. */
import type { KubeObject } from '../provider/provider.js'
import { deepEqual } from '../util/deep-equal.js'

/** Fields that say who gets in, wherever they stand in an object: TLS of either side, and authorization by another service. */
const SECURITY_FIELDS: ReadonlySet<string> = new Set(['tls', 'validation', 'externalAuth', 'trustBundle'])

/**
 * True if two versions of an object ask for the same authentication, authorization and TLS, at the same places. If they do not, serving the
 * older one would leave open what was to be closed.
 */
export function isEquallySecure(older: KubeObject, newer: KubeObject): boolean {
  return deepEqual(securityOf(older), securityOf(newer))
}

/** A server that goes on with its certificate of before lets nobody in who was to be kept out. */
const CERTIFICATE_FIELDS: ReadonlySet<string> = new Set(['tls.crt', 'tls.key'])

/** The fields that concern security by their path. Of Secrets and ConfigMaps all data do, except for certificates. */
function securityOf(object: KubeObject): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>()
  const data = 'data' in object && typeof object.data === 'object' && object.data !== null ? object.data : {}
  for (const [key, value] of Object.entries(data)) if (!CERTIFICATE_FIELDS.has(key)) found.set(`/data/${key}`, value)
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, field] of Object.entries(value)) {
      const at = `${path}/${key}`
      if (SECURITY_FIELDS.has(key)) found.set(at, field)
      else visit(field, at)
    }
  }
  if ('spec' in object) visit(object.spec, '')
  return found
}
