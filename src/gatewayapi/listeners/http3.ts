/** HTTP/3 of an HTTPS listener: the same port of UDP, where policies ask for it and nothing that protects the listener would be missing there. */
import type { ClientTrafficSettings } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import type { SocketSettings } from '../../ir/client.js'
import type { TlsTermination } from '../../ir/tls.js'
import type { Problem } from '../conditions.js'
import type { Effective } from '../policies/policy.js'
import type { DeclaredListener } from './listeners.js'
import type { PolicyProblem } from './policy-tls.js'
import type { PortBindings } from './port-bindings.js'

/** Whether a listener speaks HTTP/3, and why not where a policy asks for it. */
export interface Http3 {
  readonly isOn: boolean
  readonly problem: PolicyProblem | undefined
}

/** Decides whether a listener speaks HTTP/3. */
export function resolveHttp3(
  view: View,
  bindings: PortBindings,
  listener: DeclaredListener,
  policies: Effective<ClientTrafficSettings> | undefined,
  found: { readonly socket: SocketSettings | undefined; readonly tls: TlsTermination | undefined; readonly boundPort: number | undefined },
): Http3 {
  const policy = policies?.origins.http3
  if (policy === undefined || listener.protocol !== 'HTTPS' || found.tls === undefined) return { isOn: false, problem: undefined }
  const message = reasonAgainst(view, bindings, listener, found)
  if (message === undefined) return { isOn: true, problem: undefined }
  const problem: Problem = { reason: 'UnsupportedValue', message: `http3: not for the listener "${listener.spec.name}": ${message}.` }
  return { isOn: false, problem: { ...problem, policy, closes: false } }
}

function reasonAgainst(
  view: View,
  bindings: PortBindings,
  listener: DeclaredListener,
  { socket, tls, boundPort }: Parameters<typeof resolveHttp3>[4],
): string | undefined {
  if (tls?.clientValidation !== undefined) return 'Envoy asks for no certificates of clients there'
  if (tls?.maxVersion !== undefined && tls.maxVersion < '1.3') return 'it is TLS 1.3'
  if (socket !== undefined && socket.proxyProtocol !== 'off') return 'it knows no PROXY protocol'
  const taken = view.get(bindings, listener.bindingWord.replace(/#TCP$/, '#UDP'))
  const isTaken = boundPort !== undefined && [...(taken?.values() ?? [])].includes(boundPort)
  return isTaken ? 'a UDP listener has the port' : undefined
}

/** The name of the port of UDP that goes with a port of TCP. */
export function quicPortName(tcp: string): string {
  return tcp.replace(/\/tcp$/, '/quic')
}

/** The name of the port of TCP that a port of HTTP/3 goes with; undefined for other names. */
export function tcpPortName(name: string): string | undefined {
  return name.endsWith('/quic') ? name.replace(/\/quic$/, '/tcp') : undefined
}
