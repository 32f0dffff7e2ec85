/**
 * Certificates that clients will not take although they are well-formed: they have expired, or are for other names than the listener that has
 * them. They are served all the same, so that clients see what is wrong and not a broken gateway; the translation has no clock, so it is told when
 * somebody looks.
 */
import type { Problem } from '../../admin/sources.js'
import type { GatewayApi } from '../../gatewayapi/declare.js'
import { covers, toHostname } from '../../gatewayapi/hostnames.js'
import type { EffectiveListener } from '../../gatewayapi/model.js'
import type { Hostname } from '../../ir/hostname.js'
import { compareText } from '../../util/compare-text.js'
import { describeObject, type ObjectRef } from '../../util/object-ref.js'

/** A warning for each Secret whose certificate has expired, and for each listener none of whose certificates is for its host. */
export function unfitCertificates({ materials, listeners }: Pick<GatewayApi, 'materials' | 'listeners'>, now: Date): readonly Problem[] {
  const expired = [...materials.entries()].flatMap(([, read]) => {
    const { validUntil, material } = read.ok ? read.value : {}
    const [secret] = material?.origins ?? []
    if (validUntil === undefined || secret === undefined || new Date(validUntil) >= now) return []
    return [warning(secret, `tls.crt: the certificate expired at ${validUntil}, and clients refuse it: renew it`)]
  })
  const others = [...listeners.entries()].flatMap(([, listener]) =>
    isForOthers(listener) ? [warning(listener.parent, forOthers(listener))] : [],
  )
  return [...expired, ...others].sort((a, b) => compareText(a.where, b.where) || compareText(a.message, b.message))
}

function isForOthers({ hostname, tlsMode, serves, certificateNames }: EffectiveListener): boolean {
  return serves && tlsMode === 'Terminate' && hostname !== undefined && !certificateNames.some((name) => isFor(toHostname(name), hostname))
}

/** True for a certificate of some of the hosts of a wildcard as well: whoever has the others may have them on another listener. */
function isFor(name: Hostname, host: Hostname): boolean {
  if (covers(host, name)) return true
  // A wildcard of a certificate stands for one label. Source: RFC 9525, section 6.3.
  return name.startsWith('*.') && name.slice(2) === host.slice(host.indexOf('.') + 1)
}

function forOthers({ name, hostname, certificateNames }: EffectiveListener): string {
  const whose = certificateNames.length === 0 ? 'no DNS name' : certificateNames.map((each) => `"${each}"`).join(', ')
  return `listener "${name}": its certificates are for ${whose}, and clients of "${hostname}" refuse them: name one for that host in tls.certificateRefs`
}

function warning(object: ObjectRef, message: string): Problem {
  return { severity: 'warning', where: describeObject(object), message, object }
}
