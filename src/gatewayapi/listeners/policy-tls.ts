/** TLS of a listener as ClientTrafficPolicies say it. What the listener says in its own `tls.options` stands between defaults and overrides. */
import type { ClientTrafficSettings, TLSVersion } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import type { ClientValidation, TlsTermination, TlsVersion } from '../../ir/tls.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import type { MaterialSources } from '../materials/referred-material.js'
import type { Effective } from '../policies/policy.js'
import { resolveClientValidation } from './client-validation.js'
import type { FrontendValidation } from './frontend-validation.js'

/** What of a policy cannot be used. */
export interface PolicyProblem extends Problem {
  readonly policy: ObjectVersion
  /** True where the listener serves nobody because of it. */
  readonly closes: boolean
}

/** Settings that policies can make. */
type Settings = Partial<Omit<TlsTermination, 'certificates' | 'clientValidation'>>

/** TLS as policies say it. */
export interface PolicyTls {
  readonly defaults: Settings
  readonly overrides: Settings
  readonly validation: ClientValidation | undefined
  readonly closed: Problem | undefined
  readonly problems: readonly PolicyProblem[]
}

/** Resolves what policies say about the TLS of a listener, and how clients are validated there. */
export function resolvePolicyTls(
  view: View,
  sources: MaterialSources,
  policies: Effective<ClientTrafficSettings> | undefined,
  frontend: FrontendValidation,
): PolicyTls {
  const defaults = settingsOf(policies?.settings.tls)
  const overrides = settingsOf(policies?.overrides.tls)
  const spec = policies?.settings.tls?.clientValidation
  const policy = policies?.origins['tls.clientValidation']
  if (spec === undefined || policy === undefined) {
    return { defaults, overrides, validation: frontend.validation, closed: undefined, problems: [] }
  }
  const { validation, closed, problems } = resolveClientValidation(view, sources, policy, spec, frontend)
  const all = [
    ...(closed === undefined ? [] : [{ ...closed, policy, closes: true }]),
    ...problems.map((problem) => ({ ...problem, policy, closes: false })),
  ]
  return { defaults, overrides, validation, closed, problems: all }
}

function settingsOf(tls: ClientTrafficSettings['tls']): Settings {
  const { minVersion, maxVersion, ciphers, ecdhCurves, signatureAlgorithms, alpnProtocols, session } = tls ?? {}
  return {
    ...(version(minVersion) === undefined ? {} : { minVersion: version(minVersion) as TlsVersion }),
    ...(version(maxVersion) === undefined ? {} : { maxVersion: version(maxVersion) as TlsVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(ecdhCurves === undefined ? {} : { curves: ecdhCurves }),
    ...(signatureAlgorithms === undefined ? {} : { signatureAlgorithms }),
    ...(alpnProtocols === undefined ? {} : { alpn: alpnProtocols }),
    ...(session === undefined ? {} : { resumption: resumptionOf(session) }),
  }
}

/** `Auto` is what nobody says. */
function version(text: TLSVersion | undefined): TlsVersion | undefined {
  return text === 'Auto' ? undefined : text
}

function resumptionOf({
  resumption,
}: NonNullable<NonNullable<ClientTrafficSettings['tls']>['session']>): readonly ('stateful' | 'stateless')[] {
  return [
    ...(resumption?.stateful === undefined ? [] : (['stateful'] as const)),
    ...(resumption?.stateless === undefined ? [] : (['stateless'] as const)),
  ]
}
