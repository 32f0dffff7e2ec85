/** Kinds of routes that a listener takes. Source: Gateway API v1.7, `AllowedRoutes.kinds` and `ListenerStatus.supportedKinds`. */
import type { RouteGroupKind } from '../../gen/kinds.js'
import { GATEWAY_GROUP, type Problem } from '../conditions.js'
import type { ListenerProtocol, RouteKind } from '../model.js'

const KINDS: Readonly<Record<ListenerProtocol, readonly RouteKind[]>> = {
  HTTP: ['HTTPRoute', 'GRPCRoute'],
  HTTPS: ['HTTPRoute', 'GRPCRoute'],
  TLS: ['TLSRoute'],
  TCP: ['TCPRoute'],
  UDP: ['UDPRoute'],
}

/** The kinds that may attach, and what is wrong with those that were asked for. */
export interface SupportedKinds {
  readonly supported: readonly RouteKind[]
  readonly problem: Problem | undefined
}

/**
 * What a protocol can carry and the listener allows.
 *
 * @param protocol undefined carries nothing
 * @param asked `allowedRoutes.kinds`; empty or undefined asks for all that fit
 */
export function supportedKinds(protocol: ListenerProtocol | undefined, asked: readonly RouteGroupKind[] | undefined): SupportedKinds {
  const carried = protocol === undefined ? [] : KINDS[protocol]
  // Without a protocol nothing fits, and the protocol is the problem, not the kinds.
  if (protocol === undefined || asked === undefined || asked.length === 0) return { supported: carried, problem: undefined }
  const fits = ({ group, kind }: RouteGroupKind) => group === GATEWAY_GROUP && carried.some((known) => known === kind)
  const supported = carried.filter((kind) => asked.some((each) => each.kind === kind && fits(each)))
  const wrong = asked.filter((each) => !fits(each)).map(({ group, kind }) => (group === GATEWAY_GROUP ? kind : `${kind}.${group}`))
  if (wrong.length === 0) return { supported, problem: undefined }
  const message = `Routes of kind ${wrong.join(', ')} cannot attach to a listener of protocol ${protocol}: use ${carried.join(' or ')}.`
  return { supported, problem: { reason: 'InvalidRouteKinds', message } }
}
