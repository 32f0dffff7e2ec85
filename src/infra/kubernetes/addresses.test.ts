import { describe, expect, it } from '@jest/globals'
import type { RequestedAddress } from '../../ir/infra.js'
import type { RawObject } from '../../k8s/kube-json.js'
import { readAddresses } from './addresses.js'

const metadata = { name: 'headgate-web', namespace: 'shop' }
const loadBalancer = (...ingress: readonly object[]): RawObject => ({
  metadata,
  spec: { type: 'LoadBalancer' },
  status: { loadBalancer: { ingress } },
})
const ip = (value?: string): RequestedAddress => (value === undefined ? { type: 'IPAddress' } : { type: 'IPAddress', value })
const inCluster = (value?: string): RequestedAddress => ({ ...ip(value), routability: 'Cluster' })
const balancedIn = (clusterIP: string, ...ingress: readonly string[]): RawObject => ({
  metadata,
  spec: { type: 'LoadBalancer', clusterIPs: [clusterIP] },
  status: { loadBalancer: { ingress: ingress.map((each) => ({ ip: each })) } },
})

describe('readAddresses', () => {
  it.each([
    { name: 'without a Service there is none', service: undefined, requested: [], want: [], reason: 'Pending' },
    { name: 'a load balancer that has not answered', service: loadBalancer(), requested: [], want: [], reason: 'AddressNotAssigned' },
    { name: 'an address', service: loadBalancer({ ip: '10.0.0.1' }), requested: [], want: ['IPAddress 10.0.0.1'], reason: undefined },
    {
      name: 'a host name',
      service: loadBalancer({ hostname: 'lb.example' }),
      requested: [],
      want: ['Hostname lb.example'],
      reason: undefined,
    },
    {
      name: 'any address will do',
      service: loadBalancer({ ip: '10.0.0.1' }),
      requested: [ip()],
      want: ['IPAddress 10.0.0.1'],
      reason: undefined,
    },
    {
      name: 'the address that was asked for',
      service: loadBalancer({ ip: '10.0.0.1' }),
      requested: [ip('10.0.0.1')],
      want: ['IPAddress 10.0.0.1'],
      reason: undefined,
    },
    {
      name: 'one of two that were asked for',
      service: loadBalancer({ ip: '10.0.0.1' }),
      requested: [ip('10.0.0.1'), ip('192.0.2.1')],
      want: ['IPAddress 10.0.0.1'],
      reason: 'AddressNotUsable',
    },
    {
      name: 'an address that nobody hands out',
      service: loadBalancer(),
      requested: [ip('192.0.2.1')],
      want: [],
      reason: 'AddressNotUsable',
    },
    {
      name: 'a host name that nobody hands out',
      service: loadBalancer({ ip: '10.0.0.1' }),
      requested: [{ type: 'Hostname', value: 'x.example' } as const],
      want: ['IPAddress 10.0.0.1'],
      reason: 'AddressNotUsable',
    },
    {
      name: 'a ClusterIP',
      service: { metadata, spec: { type: 'ClusterIP', clusterIPs: ['10.96.0.7'] } },
      requested: [],
      want: ['IPAddress 10.96.0.7'],
      reason: undefined,
    },
    {
      name: 'external addresses before the ClusterIP',
      service: { metadata, spec: { type: 'NodePort', clusterIPs: ['10.96.0.7'], externalIPs: ['198.51.100.1'] } },
      requested: [ip('198.51.100.1')],
      want: ['IPAddress 198.51.100.1', 'IPAddress 10.96.0.7'],
      reason: undefined,
    },
    {
      name: 'an address within the cluster',
      service: balancedIn('10.96.0.7'),
      requested: [inCluster()],
      want: ['IPAddress 10.96.0.7 Cluster'],
      reason: undefined,
    },
    {
      name: 'one within the cluster and a usual one',
      service: balancedIn('10.96.0.7', '10.0.0.1'),
      requested: [ip(), inCluster()],
      want: ['IPAddress 10.0.0.1', 'IPAddress 10.96.0.7 Cluster'],
      reason: undefined,
    },
    {
      name: 'a fixed one within the cluster',
      service: balancedIn('10.96.0.7'),
      requested: [inCluster('10.96.0.7')],
      want: ['IPAddress 10.96.0.7 Cluster'],
      reason: undefined,
    },
    {
      name: 'another fixed one within the cluster',
      service: balancedIn('10.96.0.7'),
      requested: [inCluster('10.96.0.8')],
      want: ['IPAddress 10.96.0.7 Cluster'],
      reason: 'AddressNotUsable',
    },
  ])('$name', ({ service, requested, want, reason }) => {
    const { assigned, problem } = readAddresses(service, requested)
    expect(
      assigned.map(({ type, value, routability }) => [type, value, routability].filter((part) => part !== undefined).join(' ')),
    ).toEqual(want)
    expect(problem?.reason).toBe(reason)
  })
})
