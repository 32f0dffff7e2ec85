/**
 * Which listeners of one port cannot be told apart.
 *
 * Source: Gateway API v1.7, `GatewaySpec.listeners` («Distinct Listeners») and `ListenerSetSpec.listeners` (precedence). Within one object there
 * is no winner; between objects the Gateway goes first, then the older ListenerSet, then the one whose `namespace/name` comes first.
 */

import type { Hostname } from '../../ir/hostname.js'
import { compareText } from '../../util/compare-text.js'
import type { Problem } from '../conditions.js'
import type { ListenerKey, ListenerProtocol } from '../model.js'

/** What a listener wants of its port. All claims of one call share addresses, port and transport. */
export interface PortClaim {
  readonly key: ListenerKey
  /** Name of the listener, for messages to its owner. */
  readonly name: string
  /** Place of the declaring object in the order of precedence; equal for listeners of one object. */
  readonly rank: string
  readonly protocol: ListenerProtocol
  /** Undefined: every host. */
  readonly hostname: Hostname | undefined
}

/** Why a listener is conflicted. The reason is one of the condition `Conflicted`. */
export interface ListenerConflict extends Problem {
  readonly reason: 'HostnameConflict' | 'ProtocolConflict'
}

/** The rank of a Gateway: before every ListenerSet. */
export const GATEWAY_RANK = ''

/** The rank of a ListenerSet. */
export function listenerSetRank(creationTimestamp: string, namespace: string, name: string): string {
  return `${creationTimestamp} ${namespace}/${name}`
}

/**
 * Ranks where Gateways share their ports. The specification leaves the order between Gateways open: as everywhere the older one goes first.
 * Listeners of Gateways go before those of ListenerSets, so that whoever may attach to one Gateway cannot take from another.
 */
export function sharedRank(kind: 'Gateway' | 'ListenerSet', creationTimestamp: string, namespace: string, name: string): string {
  return `${kind === 'Gateway' ? 0 : 1} ${listenerSetRank(creationTimestamp, namespace, name)}`
}

/** The conflicted listeners among the claims of a port; the others can be served together. */
export function findConflicts(claims: readonly PortClaim[]): ReadonlyMap<ListenerKey, ListenerConflict> {
  const conflicts = new Map<ListenerKey, ListenerConflict>()
  const taken = new Claims()
  for (const siblings of byRank(claims)) {
    const lost = new Set(siblings.filter((claim) => taken.rivals(claim).length > 0))
    // Who has lost against an earlier object is not in the way of its siblings either.
    const own = new Claims(siblings.filter((claim) => !lost.has(claim)))
    for (const claim of siblings) {
      const conflict = lost.has(claim)
        ? // Owners of other objects are nobody's business: only siblings are named.
          describe(claim, taken.rivals(claim), 'another object that goes first')
        : describeSiblings(claim, own.rivals(claim))
      if (conflict !== undefined) conflicts.set(claim.key, conflict)
    }
    // Listeners that conflict with a sibling keep others out: a ListenerSet must not gain from a mistake in the Gateway.
    for (const claim of siblings) if (!lost.has(claim)) taken.add(claim)
  }
  return conflicts
}

function describeSiblings(claim: PortClaim, rivals: readonly PortClaim[]): ListenerConflict | undefined {
  const names = rivals.map((rival) => `"${rival.name}"`).sort()
  return describe(claim, rivals, `the listener${names.length > 1 ? 's' : ''} ${names.join(', ')}`)
}

function describe(claim: PortClaim, rivals: readonly PortClaim[], whose: string): ListenerConflict | undefined {
  if (rivals.length === 0) return undefined
  const other = rivals.find((rival) => rival.protocol !== claim.protocol)
  if (other === undefined && claim.protocol !== 'TCP' && claim.protocol !== 'UDP') {
    const host = claim.hostname === undefined ? 'all hosts' : `the host "${claim.hostname}"`
    return { reason: 'HostnameConflict', message: `The port already serves ${host} for ${whose}: choose another hostname or port.` }
  }
  const protocol = other?.protocol ?? claim.protocol
  return { reason: 'ProtocolConflict', message: `The port is used with protocol ${protocol} by ${whose}: choose another port.` }
}

function byRank(claims: readonly PortClaim[]): readonly (readonly PortClaim[])[] {
  const inOrder = claims.toSorted((a, b) => compareText(a.key, b.key))
  const ranks = Map.groupBy(inOrder, (claim) => claim.rank)
  return [...ranks.keys()].sort().map((rank) => ranks.get(rank) ?? [])
}

/** Claims by what makes them indistinct. */
class Claims {
  /** TCP and UDP listeners own the whole port. */
  readonly #whole: PortClaim[] = []
  readonly #all: PortClaim[] = []
  readonly #byHost = new Map<string, PortClaim[]>()

  constructor(claims: readonly PortClaim[] = []) {
    for (const claim of claims) this.add(claim)
  }

  add(claim: PortClaim): void {
    this.#all.push(claim)
    if (ownsPort(claim)) this.#whole.push(claim)
    else this.#byHost.set(hostWord(claim), [...(this.#byHost.get(hostWord(claim)) ?? []), claim])
  }

  /** Claims that cannot be told apart from this one, itself left out. */
  rivals(claim: PortClaim): readonly PortClaim[] {
    const found = ownsPort(claim) ? this.#all : [...this.#whole, ...(this.#byHost.get(hostWord(claim)) ?? [])]
    return found.filter((rival) => rival !== claim)
  }
}

function ownsPort(claim: PortClaim): boolean {
  return claim.protocol === 'TCP' || claim.protocol === 'UDP'
}

/** HTTPS and TLS are both chosen by the name in the TLS handshake; plain HTTP is told apart from them by the missing handshake. */
function hostWord(claim: PortClaim): string {
  return `${claim.protocol === 'HTTP' ? 'plain' : 'tls'} ${claim.hostname ?? '*'}`
}
