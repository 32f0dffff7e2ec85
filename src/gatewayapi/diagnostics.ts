/**
 * What users should change, found in the statuses: every condition that tells of a mistake becomes one diagnostic with a stable code.
 */
import type { Collection, Graph, Source } from '../incremental/index.js'
import type { ObjectRef } from '../util/object-ref.js'
import type { Condition } from './model.js'
import type { ObjectStatus } from './object-status.js'

/** A mistake, or something that a user should know. */
export interface Diagnostic {
  /** Stable: `HG` and four digits; see `DIAGNOSTIC_CODES`. */
  readonly code: string
  /** `error`: something does not serve as it was asked for. `warning`: it does, but. */
  readonly severity: 'error' | 'warning'
  readonly subject: ObjectRef
  /** The part of the object, such as `spec.listeners[name=http]`; empty for the object as a whole. */
  readonly path: string
  readonly condition: { readonly type: string; readonly status: string; readonly reason: string }
  readonly message: string
}

/** What a condition is said of. */
type Scope = 'gatewayClass' | 'gateway' | 'listenerSet' | 'listener' | 'route' | 'policy' | 'backend'

/** Codes by scope, condition and reason. Codes are never reused. */
export const DIAGNOSTIC_CODES: Readonly<Record<string, string>> = {
  'gatewayClass/Accepted/InvalidParameters': 'HG1001',
  'gatewayClass/Accepted/UnsupportedVersion': 'HG1002',
  'gatewayClass/SupportedVersion/UnsupportedVersion': 'HG1003',
  'gateway/Accepted/InvalidParameters': 'HG1101',
  'gateway/Accepted/UnsupportedAddress': 'HG1102',
  'gateway/Programmed/Invalid': 'HG1103',
  'gateway/Programmed/AddressNotAssigned': 'HG1104',
  'gateway/Programmed/AddressNotUsable': 'HG1105',
  'gateway/Programmed/NoResources': 'HG1106',
  'gateway/ResolvedRefs/RefNotPermitted': 'HG1107',
  'gateway/ResolvedRefs/InvalidClientCertificateRef': 'HG1108',
  'gateway/AddressesAssigned/NotAssigned': 'HG1109',
  'gateway/AddressesAssigned/PartiallyAssigned': 'HG1110',
  'gateway/InsecureFrontendValidationMode/ConfigurationChanged': 'HG1111',
  'listenerSet/Accepted/NotAllowed': 'HG1201',
  'listenerSet/Accepted/ParentNotAccepted': 'HG1202',
  'listenerSet/Programmed/Invalid': 'HG1203',
  'listener/Accepted/UnsupportedProtocol': 'HG1301',
  'listener/Accepted/HostnameConflict': 'HG1302',
  'listener/Accepted/ProtocolConflict': 'HG1303',
  'listener/Accepted/PortUnavailable': 'HG1304',
  'listener/Accepted/UnsupportedValue': 'HG1305',
  'listener/Accepted/InvalidTLSConfig': 'HG1306',
  'listener/Accepted/NoValidCACertificate': 'HG1307',
  'listener/ResolvedRefs/RefNotPermitted': 'HG1308',
  'listener/ResolvedRefs/InvalidCertificateRef': 'HG1309',
  'listener/ResolvedRefs/InvalidCACertificateRef': 'HG1310',
  'listener/ResolvedRefs/InvalidCACertificateKind': 'HG1311',
  'listener/ResolvedRefs/InvalidRouteKinds': 'HG1312',
  'listener/Programmed/Invalid': 'HG1313',
  'listener/ResolvedRefs/BackendNotFound': 'HG1314',
  'listener/ResolvedRefs/InvalidKind': 'HG1315',
  'listener/ResolvedRefs/UnsupportedProtocol': 'HG1316',
  'route/Accepted/NoMatchingParent': 'HG1401',
  'route/Accepted/NotAllowedByListeners': 'HG1402',
  'route/Accepted/NoMatchingListenerHostname': 'HG1403',
  'route/Accepted/UnsupportedValue': 'HG1404',
  'route/Accepted/IncompatibleFilters': 'HG1405',
  'route/ResolvedRefs/BackendNotFound': 'HG1406',
  'route/ResolvedRefs/InvalidKind': 'HG1407',
  'route/ResolvedRefs/RefNotPermitted': 'HG1408',
  'route/ResolvedRefs/UnsupportedProtocol': 'HG1409',
  'route/PartiallyInvalid/UnsupportedValue': 'HG1410',
  'route/ResolvedRefs/InvalidFilterRef': 'HG1411',
  'policy/Accepted/Conflicted': 'HG1501',
  'policy/Accepted/TargetNotFound': 'HG1502',
  'policy/Accepted/Invalid': 'HG1503',
  'policy/Accepted/NoValidCACertificate': 'HG1504',
  'policy/ResolvedRefs/InvalidCACertificateRef': 'HG1505',
  'policy/ResolvedRefs/InvalidKind': 'HG1506',
  'backend/Accepted/Invalid': 'HG1601',
  'backend/Accepted/UnsupportedProtocol': 'HG1602',
}

/** The code of a reason that has none of its own. */
const OTHER = 'HG1000'

/** Conditions that tell of something bad when they are True. */
const NEGATIVE = ['InsecureFrontendValidationMode', 'PartiallyInvalid']

/**
 * Conditions and reasons that only repeat what another condition says better, or that need no change: overlapping TLS is common (one
 * certificate for many hosts) and served well, by 421.
 */
const REPEATING_TYPES = ['Conflicted', 'OverlappingTLSConfig']
const REPEATING_REASONS = ['ListenersNotValid', 'ListenersNotResolved', 'ParentNotProgrammed', 'Pending']

/** Declares the diagnostics of each object that has some, by the key of its status. */
export function declareDiagnostics(graph: Graph, statuses: Source<ObjectStatus>): Collection<readonly Diagnostic[]> {
  return graph.collection<readonly Diagnostic[]>('diagnostics', {
    report: true,
    // Nearly all objects have none.
    keys: graph.index(statuses, 'statuses with diagnostics', (status, key) => (diagnosticsOf(status).length === 0 ? [] : [key])),
    compute: (view, key) => {
      const status = view.get(statuses, key)
      const found = status === undefined ? [] : diagnosticsOf(status)
      return found.length === 0 ? undefined : found
    },
  })
}

/** What the status of an object says that its owner should change. */
export function diagnosticsOf(status: ObjectStatus): readonly Diagnostic[] {
  const of = (scope: Scope, path: string, conditions: readonly Condition[]) => conditionsToFix(scope, status.object, path, conditions)
  switch (status.shape) {
    case 'gatewayClass':
    case 'backend':
      return of(status.shape, '', status.conditions)
    case 'gateway':
    case 'listenerSet':
      return [
        ...of(status.shape, '', status.conditions),
        ...status.listeners.flatMap((listener) => of('listener', `spec.listeners[name=${listener.name}]`, listener.conditions)),
      ]
    case 'route':
      return status.parents.flatMap(({ parentRef, conditions }) => of('route', `spec.parentRefs[name=${parentRef.name}]`, conditions))
    case 'policy':
      return status.ancestors.flatMap(({ conditions }) => of('policy', '', conditions))
  }
}

function conditionsToFix(
  scope: Scope,
  { group, kind, namespace, name }: ObjectRef,
  path: string,
  conditions: readonly Condition[],
): readonly Diagnostic[] {
  const bad = conditions.filter(isBad)
  // What is not accepted or not resolved is not programmed either: that needs no second message.
  const needed = bad.some(({ type }) => type !== 'Programmed' && !NEGATIVE.includes(type))
    ? bad.filter(({ type }) => type !== 'Programmed')
    : bad
  return needed.map(({ type, status, reason, message }) => ({
    code: DIAGNOSTIC_CODES[`${scope}/${type}/${reason}`] ?? OTHER,
    severity: NEGATIVE.includes(type) ? 'warning' : 'error',
    subject: { group, kind, namespace, name },
    path,
    condition: { type, status, reason },
    message,
  }))
}

function isBad({ type, status, reason }: Condition): boolean {
  if (REPEATING_TYPES.includes(type) || REPEATING_REASONS.includes(reason)) return false
  return status === (NEGATIVE.includes(type) ? 'True' : 'False')
}
