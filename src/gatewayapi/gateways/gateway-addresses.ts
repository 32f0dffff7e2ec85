/** Addresses that a Gateway asks for, and those that it has. Source: Gateway API v1.7, `GatewaySpecAddress` (GEP-1651 for routability). */
import type { GatewaySpecAddress } from '../../gen/kinds.js'
import type { RequestedAddress } from '../../ir/infra.js'
import { fails, holds, type Problem } from '../conditions.js'
import type { AssignedAddress, GatewayAddresses } from '../inputs.js'
import type { Condition } from '../model.js'

/** Types of addresses that a Gateway may ask for. */
const TYPES: readonly string[] = ['IPAddress', 'Hostname']

/** Why the types of the addresses cannot be accepted. */
export function addressTypeProblem(requested: readonly GatewaySpecAddress[]): Problem | undefined {
  const unknown = [...new Set(requested.filter(({ type }) => !TYPES.includes(type)).map(({ type }) => `"${type}"`))]
  if (unknown.length === 0) return undefined
  return { reason: 'UnsupportedAddress', message: `Addresses of type ${unknown.join(', ')} are not supported: use ${TYPES.join(' or ')}.` }
}

/** What the infrastructure is asked for: addresses of a routability that we do not know are left out and never assigned. */
export function requestedAddresses(requested: readonly GatewaySpecAddress[]): readonly RequestedAddress[] {
  return requested.flatMap((address): readonly RequestedAddress[] => {
    const { type, routability } = address
    if ((type !== 'IPAddress' && type !== 'Hostname') || !isSupported(address)) return []
    const value = wantedValue(address)
    return [{ type, ...(value === undefined ? {} : { value }), ...(routability === 'Cluster' ? { routability } : {}) }]
  })
}

/** Why a Gateway has no address to be reached at. */
export function addressProblem(requested: readonly GatewaySpecAddress[], addresses: GatewayAddresses | undefined): Problem | undefined {
  // Nobody has looked yet: that takes nothing back.
  if (addresses === undefined) return { reason: 'Pending', message: 'No address has been assigned yet.' }
  if (addresses.problem !== undefined) return addresses.problem
  if (addresses.assigned.length === 0) return { reason: 'AddressNotAssigned', message: 'No address has been assigned yet.' }
  if (requested.length === 0 || requested.some(isSupported)) return undefined
  return { reason: 'AddressNotAssigned', message: `No address can be assigned: ${requested.map(describe).join(', ')}.` }
}

/** Whether a Gateway got the addresses that it asks for. One that asks for none is told nothing. */
export function addressesAssigned(
  requested: readonly GatewaySpecAddress[],
  assigned: readonly AssignedAddress[],
  generation: number,
): readonly Condition[] {
  if (requested.length === 0) return []
  const missing = requested.filter((address) => !assigned.some((each) => satisfies(each, address)))
  if (missing.length === 0) return [holds('AddressesAssigned', 'AddressesAssigned', 'Every requested address is assigned.', generation)]
  const reason = missing.length === requested.length ? 'NotAssigned' : 'PartiallyAssigned'
  return [fails('AddressesAssigned', { reason, message: `Not assigned: ${missing.map(describe).join(', ')}.` }, generation)]
}

function satisfies(assigned: AssignedAddress, requested: GatewaySpecAddress): boolean {
  const value = wantedValue(requested)
  return (
    assigned.type === requested.type &&
    (value === undefined || assigned.value === value) &&
    (assigned.routability ?? '') === (requested.routability ?? '')
  )
}

/** A cluster gives IP addresses; a routability of somebody else is not ours to promise. */
function isSupported({ type, routability = '' }: GatewaySpecAddress): boolean {
  return routability === '' || (routability === 'Cluster' && type === 'IPAddress')
}

function wantedValue({ value }: GatewaySpecAddress): string | undefined {
  return value === '' ? undefined : value
}

function describe(address: GatewaySpecAddress): string {
  const routability = address.routability === undefined || address.routability === '' ? '' : ` of routability ${address.routability}`
  return `${address.type} ${wantedValue(address) ?? '(any)'}${routability}`
}
