import { expect, it } from '@jest/globals'
import type { EndpointSlice } from '../../gen/kinds.js'
import { replicaAddresses } from './look.js'

/** The API server says null of a slice that has nothing. */
const slice = (service: string, port: string | undefined, endpoints: readonly object[] | null, namespace = 'system') =>
  ({
    metadata: { namespace, name: 'x', labels: { 'kubernetes.io/service-name': service } },
    addressType: 'IPv4',
    ports: port === undefined ? null : [{ name: port, port: 18000 }],
    endpoints,
  }) as unknown as EndpointSlice
const ready = { ready: true }

it('finds one address of each replica, whether or not it is ready', () => {
  const slices = [
    slice('headgate', 'xds', [
      { addresses: ['10.0.0.1'], conditions: ready, targetRef: { uid: 'one' } },
      { addresses: ['10.0.0.2'], conditions: { ready: false, terminating: true }, targetRef: { uid: 'two' } },
    ]),
    slice('headgate', 'xds', [
      { addresses: ['fd00::2'], conditions: ready, targetRef: { uid: 'two' } },
      { addresses: ['fd00::3'], conditions: ready, targetRef: { uid: 'three' } },
      { addresses: ['10.0.0.4'], conditions: ready },
    ]),
    slice('headgate', 'metrics', [{ addresses: ['10.0.0.5'], conditions: ready }]),
    slice('headgate', undefined, [{ addresses: ['10.0.0.6'], conditions: ready }]),
    slice('headgate', 'xds', null),
    slice('other', undefined, null),
    slice('other', 'xds', [{ addresses: ['10.0.0.7'], conditions: ready }]),
    slice('headgate', 'xds', [{ addresses: ['10.0.0.8'], conditions: ready }], 'elsewhere'),
  ]
  expect(replicaAddresses(slices, { namespace: 'system', name: 'headgate' })).toEqual([
    ...['10.0.0.1:18000', '10.0.0.2:18000', '[fd00::3]:18000', '10.0.0.4:18000'],
  ])
})
