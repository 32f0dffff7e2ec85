import { expect, it } from '@jest/globals'
import { decode } from '../../message.js'
import { encodeRateLimitCluster } from './rate-limit-cluster.js'

// Envoy's own limits are 1,024 questions and three retries at a time: what comes beyond gets 500.
it('is asked about as many requests as there are', () => {
  const { value } = encodeRateLimitCluster({ host: 'limits.example', port: 8081 })
  const unlimited = { value: 0xffff_ffff }
  expect(decode('envoy.config.cluster.v3.Cluster', value).circuitBreakers?.thresholds).toEqual([
    { maxConnections: unlimited, maxPendingRequests: unlimited, maxRequests: unlimited, maxRetries: unlimited },
  ])
})
