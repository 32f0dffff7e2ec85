import { describe, expect, it } from '@jest/globals'
import { ownFleet, sharedFleet } from '../../../test/support/gateway-infra.js'
import type { GatewayInfra } from '../../ir/infra.js'
import { fleetsOf } from './fleet-accounts.js'

const of = (...fleets: readonly (readonly [string, GatewayInfra])[]): Parameters<typeof fleetsOf>[0] =>
  ({ gatewayApi: { infra: new Map(fleets) } }) as unknown as Parameters<typeof fleetsOf>[0]

describe('what the proxies of a ServiceAccount may ask for', () => {
  const own = of(['shop/web', ownFleet()])
  const shared = of(['GatewayClass/headgate', sharedFleet([])])

  it.each([
    { who: 'the account of a Gateway', fleets: own, namespace: 'shop', account: 'headgate-web', want: ['shop/web'] },
    { who: 'one of that name elsewhere', fleets: own, namespace: 'system', account: 'headgate-web', want: [] },
    {
      who: 'the account of a class, beside the controller',
      fleets: shared,
      namespace: 'system',
      account: 'headgateclass-headgate',
      want: ['GatewayClass/headgate'],
    },
    { who: 'one of that name elsewhere', fleets: shared, namespace: 'shop', account: 'headgateclass-headgate', want: [] },
    { who: 'the account that a Gateway of the class would have', fleets: shared, namespace: 'shop', account: 'headgate-web', want: [] },
  ])('$who in $namespace', ({ fleets, namespace, account, want }) => {
    expect(fleetsOf(fleets, 'system', namespace, account)).toEqual(want)
  })
})
