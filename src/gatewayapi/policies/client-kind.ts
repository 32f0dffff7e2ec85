/** ClientTrafficPolicy as a kind of policy: what it may be about, and which of its settings concern whom. */
import type { ClientTrafficPolicySpec, ClientTrafficSettings } from '../../gen/kinds.js'
import { clientProblem } from './client-problems.js'
import { leavesOf } from './merge.js'
import type { PolicyKind } from './policy-kind.js'

/** Choices and what belongs to them, and objects whose presence says something. */
const ATOMS: ReadonlySet<string> = new Set([
  'tcpKeepalive',
  'proxyProtocol',
  'clientIPDetection',
  'tls.clientValidation',
  'tls.session',
  'headers.xForwardedClientCert',
  'headers.earlyRequestHeaders',
  'headers.lateResponseHeaders',
  'http1.http10',
  'http2.connectionKeepalive',
  'http3',
])

/** Settings that a port has once, whatever its chains are. */
const OF_PORTS: readonly string[] = [
  'tcpKeepalive',
  'proxyProtocol',
  'tls.fingerprints',
  'timeout.tcp.connectionInspectionTimeout',
  'connection.bufferLimit',
  'connection.maxAcceptPerSocketEvent',
]

/** Settings that keep somebody out, or that others rely on who do. */
const OF_SECURITY: readonly string[] = [
  'proxyProtocol',
  'clientIPDetection',
  'tls',
  'path',
  'headers.withUnderscoresAction',
  'headers.xForwardedClientCert',
  'headers.earlyRequestHeaders',
]

/** ClientTrafficPolicy. */
export const CLIENT_TRAFFIC_POLICY: PolicyKind<'ClientTrafficPolicy', ClientTrafficSettings> = {
  name: 'ClientTrafficPolicy',
  failsClosed: true,
  whyUnsupported: 'Some listeners share a port, and others decide',
  atoms: ATOMS,
  settingsOf: ({ targetRefs: _refs, targetSelectors: _selectors, mergeType: _type, overrides: _overrides, ...settings }) => settings,
  overridesOf: ({ overrides }: ClientTrafficPolicySpec) => overrides,
  problemOf: clientProblem,
  isTarget: (kind) => kind === 'Gateway' || kind === 'ListenerSet',
  targetProblem: () => undefined,
}

/** True for settings that a port has once. */
export function isPortSetting(path: string): boolean {
  return isWithin(path, OF_PORTS)
}

/** True if something of the settings keeps somebody out, or is relied on by what does: they are never left out silently. */
export function concernsSecurity(settings: ClientTrafficSettings): boolean {
  return leavesOf(settings, ATOMS).some(({ path }) => isSecuritySetting(path))
}

/** True for settings that keep somebody out, or that others rely on who do. */
export function isSecuritySetting(path: string): boolean {
  return isWithin(path, OF_SECURITY)
}

function isWithin(path: string, fields: readonly string[]): boolean {
  return fields.some((each) => path === each || path.startsWith(`${each}.`))
}
