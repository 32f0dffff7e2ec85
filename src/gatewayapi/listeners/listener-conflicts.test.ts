import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Hostname } from '../../ir/hostname.js'
import type { ListenerProtocol } from '../model.js'
import { findConflicts, GATEWAY_RANK, listenerSetRank, type PortClaim } from './listener-conflicts.js'
import { listenerKey } from './listener-key.js'

const OLDER = listenerSetRank('2026-01-01T00:00:00Z', 'ns', 'zebra')
const NEWER = listenerSetRank('2026-01-02T00:00:00Z', 'ns', 'ant')

/** `gateway:HTTP a.com` is a claim of the Gateway for plain HTTP on a.com; `older:` and `newer:` are ListenerSets. */
function claim(text: string, index: number): PortClaim {
  const [owner = '', rest = ''] = text.split(':')
  const [protocol = '', hostname] = rest.split(' ')
  const rank = { gateway: GATEWAY_RANK, older: OLDER, newer: NEWER }[owner] ?? owner
  const name = `l${index}`
  return {
    key: listenerKey({ kind: 'Gateway', namespace: 'ns', name: owner }, name),
    name,
    rank,
    protocol: protocol as ListenerProtocol,
    hostname: hostname as Hostname | undefined,
  }
}

describe('findConflicts', () => {
  it.each([
    { rule: 'hostnames tell HTTP listeners apart', claims: ['gateway:HTTP a.com', 'gateway:HTTP *.com', 'gateway:HTTP'], want: [] },
    {
      rule: 'within one object there is no winner',
      claims: ['gateway:HTTP a.com', 'gateway:HTTP a.com', 'gateway:HTTP b.com'],
      want: ['l0 HostnameConflict', 'l1 HostnameConflict'],
    },
    {
      rule: 'a TCP listener makes every other of its port indistinct',
      claims: ['gateway:TCP', 'gateway:HTTP a.com', 'gateway:TLS b.com'],
      want: ['l0 ProtocolConflict', 'l1 ProtocolConflict', 'l2 ProtocolConflict'],
    },
    { rule: 'two TCP listeners', claims: ['gateway:TCP', 'gateway:TCP'], want: ['l0 ProtocolConflict', 'l1 ProtocolConflict'] },
    { rule: 'two UDP listeners', claims: ['gateway:UDP', 'older:UDP'], want: ['l1 ProtocolConflict'] },
    { rule: 'HTTP and HTTPS share a port and a host', claims: ['gateway:HTTP a.com', 'gateway:HTTPS a.com'], want: [] },
    {
      rule: 'HTTPS and TLS are both chosen by SNI',
      claims: ['gateway:HTTPS a.com', 'gateway:TLS a.com', 'gateway:TLS b.com'],
      want: ['l0 ProtocolConflict', 'l1 ProtocolConflict'],
    },
    { rule: 'the Gateway goes before a ListenerSet', claims: ['older:HTTP a.com', 'gateway:HTTP a.com'], want: ['l0 HostnameConflict'] },
    {
      rule: 'the older ListenerSet goes first, whatever its name',
      claims: ['newer:HTTP a.com', 'older:HTTP a.com'],
      want: ['l0 HostnameConflict'],
    },
    {
      rule: 'of equally old ListenerSets the name decides',
      claims: ['2026-01-01 ns/b:HTTP', '2026-01-01 ns/a:HTTP'],
      want: ['l0 HostnameConflict'],
    },
    { rule: 'TCP after HTTP loses', claims: ['gateway:HTTP a.com', 'older:TCP'], want: ['l1 ProtocolConflict'] },
    { rule: 'HTTP after TCP loses', claims: ['gateway:TCP', 'older:HTTP a.com'], want: ['l1 ProtocolConflict'] },
    {
      rule: 'a ListenerSet gains nothing from a mistake in the Gateway',
      claims: ['gateway:HTTP a.com', 'gateway:HTTP a.com', 'older:HTTP a.com'],
      want: ['l0 HostnameConflict', 'l1 HostnameConflict', 'l2 HostnameConflict'],
    },
    {
      rule: 'who has lost keeps nobody out',
      claims: ['gateway:HTTP a.com', 'older:TCP', 'newer:HTTP b.com'],
      want: ['l1 ProtocolConflict'],
    },
    {
      rule: 'who has lost against the Gateway is not in the way of its siblings',
      claims: ['gateway:HTTP a.com', 'older:HTTP b.com', 'older:TCP', 'older:HTTP c.com'],
      want: ['l2 ProtocolConflict'],
    },
  ])('$rule', ({ claims, want }) => {
    const conflicts = findConflicts(claims.map(claim))
    expect([...conflicts].map(([key, { reason }]) => `${key.split('/').at(-1)} ${reason}`).sort()).toEqual(want)
  })

  it('names siblings, and nobody of another object', () => {
    const conflicts = findConflicts(['gateway:HTTP a.com', 'gateway:HTTP a.com', 'older:HTTP a.com'].map(claim))
    const [first, , foreign] = [...conflicts.values()].map((conflict) => conflict.message)
    expect(first).toContain('"l1"')
    expect(foreign).not.toMatch(/"l[01]"/)
  })

  const text = fc.tuple(
    fc.constantFrom('gateway', 'older', 'newer'),
    fc.constantFrom('HTTP', 'HTTP', 'HTTPS', 'TLS', 'TCP'),
    fc.constantFrom('', ' a.com', ' b.com', ' *.com'),
  )
  const claims = fc
    .array(text, { maxLength: 8 })
    .map((all) => all.map(([owner, protocol, host], index) => claim(`${owner}:${protocol}${protocol === 'TCP' ? '' : host}`, index)))

  const indistinct = (a: PortClaim, b: PortClaim): boolean =>
    a.protocol === 'TCP' ||
    b.protocol === 'TCP' ||
    ((a.protocol === 'HTTP') === (b.protocol === 'HTTP') && (a.hostname ?? '') === (b.hostname ?? ''))

  it('leaves only listeners that can be told apart', () => {
    fc.assert(
      fc.property(claims, (all) => {
        const conflicts = findConflicts(all)
        const served = all.filter(({ key }) => !conflicts.has(key))
        for (const a of served) for (const b of served) if (a !== b) expect(indistinct(a, b)).toBe(false)
      }),
    )
  })

  it('refuses nobody without somebody of the same or an earlier object in the way', () => {
    fc.assert(
      fc.property(claims, (all) => {
        for (const key of findConflicts(all).keys()) {
          const loser = all.find((each) => each.key === key)
          expect(all.some((other) => loser !== undefined && other !== loser && other.rank <= loser.rank && indistinct(other, loser))).toBe(
            true,
          )
        }
      }),
    )
  })

  it('does not depend on the order of the claims', () => {
    fc.assert(
      fc.property(
        claims.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          expect(new Map([...findConflicts(shuffled)].sort())).toEqual(new Map([...findConflicts(all)].sort()))
        },
      ),
    )
  })
})
