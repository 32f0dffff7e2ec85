/** TLS of a listener: its certificates and how clients are validated. Source: Gateway API v1.7, `ListenerTLSConfig`. */
import type { ClientTrafficSettings, GatewayTLSConfig, SecretObjectReference } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import type { TlsTermination } from '../../ir/tls.js'
import { GATEWAY_GROUP, type Problem } from '../conditions.js'
import { certificateName } from '../materials/material-names.js'
import { type MaterialSources, referredMaterial, type WantedMaterial } from '../materials/referred-material.js'
import type { Effective } from '../policies/policy.js'
import { resolveFrontendValidation } from './frontend-validation.js'
import { readTlsOptions } from './listener-tls-options.js'
import type { DeclaredListener } from './listeners.js'
import { type PolicyProblem, resolvePolicyTls } from './policy-tls.js'

/** What was found out about the TLS of a listener. */
export interface ListenerTls {
  /** Undefined unless TLS ends here and can be served. */
  readonly termination: TlsTermination | undefined
  /** Why the listener cannot be accepted. */
  readonly accepted: Problem | undefined
  /** References that cannot be used. */
  readonly references: readonly Problem[]
  /** DNS names of its certificates, in ascending order. */
  readonly certificateNames: readonly string[]
  /** The first time at which one of its certificates expires. */
  readonly validUntil: string | undefined
  /** Why the listener serves nobody: a policy asks for what cannot be had. */
  readonly closed: Problem | undefined
  /** What of policies cannot be used. */
  readonly policyProblems: readonly PolicyProblem[]
}

const NO_TLS: ListenerTls = {
  termination: undefined,
  accepted: undefined,
  references: [],
  certificateNames: [],
  validUntil: undefined,
  closed: undefined,
  policyProblems: [],
}

/** True if TLS ends at the listener. */
export function terminatesTls({ protocol, spec }: DeclaredListener): boolean {
  return protocol === 'HTTPS' || (protocol === 'TLS' && spec.tls?.mode !== 'Passthrough')
}

/** Resolves the TLS of a listener. */
export function resolveListenerTls(
  view: View,
  sources: MaterialSources,
  listener: DeclaredListener,
  gatewayTls: GatewayTLSConfig | undefined,
  policies: Effective<ClientTrafficSettings> | undefined,
): ListenerTls {
  if (!terminatesTls(listener)) return NO_TLS
  const { tls, port } = listener.spec
  const options = readTlsOptions(tls?.options)
  const { kind, namespace } = listener.parent
  const from = { group: GATEWAY_GROUP, kind, namespace }
  const resolved = (tls?.certificateRefs ?? []).map((ref) => referredMaterial(view, sources, from, ref, certificateOf(ref, namespace)))
  const frontend = resolveFrontendValidation(
    view,
    sources,
    listener.gateway,
    listener.protocol === 'HTTPS' ? gatewayTls?.frontend : undefined,
    port,
  )
  const usable = resolved.flatMap((each) => each.found ?? [])
  const accepted = resolved.length === 0 ? NO_CERTIFICATE : (unsupported(options.problems) ?? frontend.accepted)
  const ofPolicies = resolvePolicyTls(view, sources, policies, frontend)
  const merged = { ...ofPolicies.defaults, ...options.settings, ...ofPolicies.overrides }
  const { alpn = listener.protocol === 'HTTPS' ? ['h2', 'http/1.1'] : [], ...settings } = merged
  return {
    termination:
      usable.length === 0 || accepted !== undefined
        ? undefined
        : {
            certificates: [...new Set(usable.map((each) => each.material.name))],
            ...(ofPolicies.validation === undefined ? {} : { clientValidation: ofPolicies.validation }),
            ...settings,
            alpn,
          },
    accepted,
    references: [...resolved.flatMap((each) => each.problem ?? []), ...frontend.references],
    certificateNames: [...new Set(usable.flatMap((each) => each.dnsNames))].sort(),
    validUntil: usable.flatMap((each) => each.validUntil ?? []).sort()[0],
    closed: ofPolicies.closed ?? versionProblem(merged),
    policyProblems: ofPolicies.problems,
  }
}

const NO_CERTIFICATE: Problem = {
  reason: 'InvalidTLSConfig',
  message: 'TLS ends at this listener, but it has no certificate: name a Secret in tls.certificateRefs.',
}

/** Settings that do not fit together although each policy alone does. */
function versionProblem({ minVersion, maxVersion }: Pick<TlsTermination, 'minVersion' | 'maxVersion'>): Problem | undefined {
  if (minVersion === undefined || maxVersion === undefined || minVersion <= maxVersion) return undefined
  return { reason: 'Invalid', message: `The lowest TLS version, ${minVersion}, is above the highest, ${maxVersion}.` }
}

function unsupported(problems: readonly string[]): Problem | undefined {
  return problems.length === 0 ? undefined : { reason: 'UnsupportedValue', message: problems.join(' ') }
}

function certificateOf(ref: SecretObjectReference, namespace: string): WantedMaterial {
  return { name: certificateName(ref, namespace), holds: 'a certificate: use a Secret', reason: 'InvalidCertificateRef' }
}
