import { describe, expect, it } from '@jest/globals'
import type { envoy } from '../../gen/envoy/types.js'
import { encode } from '../message.js'
import { warmsSilently } from './silent-warming.js'

type Cluster = envoy.config.cluster.v3.Cluster

const SETTINGS: Cluster = {
  name: 'dns',
  connectTimeout: { seconds: 300 },
  loadAssignment: { clusterName: 'dns', endpoints: [{}] },
  commonLbConfig: { healthyPanicThreshold: { value: 50 } },
}

describe('a cluster', () => {
  it.each<[string, Cluster, boolean]>([
    ['with endpoints of its own', { type: 0 }, false],
    ['whose endpoints are resolved by DNS', { type: 1 }, true],
    ['whose address is resolved by DNS', { type: 2 }, true],
    ['with endpoints by EDS', { type: 3 }, false],
    ['that an extension resolves by DNS', { clusterType: { name: 'envoy.cluster.dns' } }, true],
    ['of another extension', { clusterType: { name: 'envoy.clusters.aggregate' } }, false],
    ['with health checks', { type: 3, healthChecks: [{ timeout: { seconds: 1 } }] }, true],
  ])('%s: does the server see how it warms', (_, special, silent) => {
    expect(warmsSilently(encode('envoy.config.cluster.v3.Cluster', { ...SETTINGS, ...special }))).toBe(silent)
  })

  it('that is none is left to the proxy', () => {
    expect(warmsSilently(Buffer.from([0x12, 0xff]))).toBe(false)
  })
})
