import { describe, expect, it } from '@jest/globals'
import { redactResource } from './redact-resource.js'

describe('redactResource', () => {
  it('shows which headers a collector gets and not their values', () => {
    const grpcService = { envoyGrpc: { clusterName: 'c' }, initialMetadata: [{ key: 'x-token', value: 't0ken' }] }
    expect(redactResource({ tracing: { grpcService } })).toEqual({
      tracing: { grpcService: { envoyGrpc: { clusterName: 'c' }, initialMetadata: [{ key: 'x-token', value: '[redacted]' }] } },
    })
  })
})
