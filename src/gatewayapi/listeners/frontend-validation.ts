/**
 * Validation of clients' certificates on HTTPS listeners.
 *
 * Source: Gateway API v1.7, `GatewaySpec.tls.frontend` (GEP-91): `perPort` replaces `default` as a whole, and what is wrong with it is
 * told on the listeners of the port.
 */
import type { FrontendTLSConfig, FrontendTLSValidation, ObjectReference } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import type { ClientValidation } from '../../ir/tls.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import { combinedTrustName, trustName } from '../materials/material-names.js'
import { type MaterialSources, referredMaterial, type WantedMaterial } from '../materials/referred-material.js'

/** How clients of one port are validated, and what is wrong with it. */
export interface FrontendValidation {
  /** Undefined: certificates are not asked for, or no authority can be used. */
  readonly validation: ClientValidation | undefined
  /** Why the listener serves nobody: no authority can be used. */
  readonly accepted: Problem | undefined
  /** References that cannot be used, in the order of the object. */
  readonly references: readonly Problem[]
}

const NONE: FrontendValidation = { validation: undefined, accepted: undefined, references: [] }

/** Resolves the validation of clients for one port of a Gateway. */
export function resolveFrontendValidation(
  view: View,
  sources: MaterialSources,
  gateway: ObjectVersion,
  frontend: FrontendTLSConfig | undefined,
  port: number,
): FrontendValidation {
  const validation = validationOf(frontend, port)
  if (validation === undefined) return NONE
  const resolved = validation.caCertificateRefs.map((ref) => referredMaterial(view, sources, gateway, ref, wanted(ref, gateway.namespace)))
  const references = resolved.flatMap((each) => each.problem ?? [])
  const names = resolved.flatMap((each) => each.name ?? [])
  if (names.length === 0) {
    const message = 'None of the references to certificate authorities can be used, so that no client could be validated.'
    return { validation: undefined, accepted: { reason: 'NoValidCACertificate', message }, references }
  }
  const mode = validation.mode === 'AllowInsecureFallback' ? 'request' : 'require'
  return { validation: { trust: combinedTrustName(names), mode }, accepted: undefined, references }
}

/** True if some port of a Gateway lets clients in without a valid certificate although it asks for one. */
export function allowsInsecureFallback(frontend: FrontendTLSConfig | undefined): boolean {
  const configs = [frontend?.default, ...(frontend?.perPort ?? []).map((port) => port.tls)]
  return configs.some((config) => config?.validation?.mode === 'AllowInsecureFallback')
}

function validationOf(frontend: FrontendTLSConfig | undefined, port: number): FrontendTLSValidation | undefined {
  const own = frontend?.perPort?.find((each) => each.port === port)
  return (own === undefined ? frontend?.default : own.tls)?.validation
}

/** Secrets hold private things: the specification has authorities in ConfigMaps and ClusterTrustBundles. */
function wanted(ref: ObjectReference, namespace: string): WantedMaterial {
  return {
    name: ref.kind === 'Secret' ? undefined : trustName(ref, namespace),
    holds: 'certificate authorities: use a ConfigMap or a ClusterTrustBundle',
    reason: 'InvalidCACertificateRef',
    kindReason: 'InvalidCACertificateKind',
  }
}
