import type { google } from '../../../gen/envoy/types.js'
import type { CompressionAlgorithm, Decompression } from '../../../ir/request-traffic.js'
import { any, bool } from '../../message.js'
import type { RouteFilter } from './slot.js'

/** Nobody sets it: what is off by default stays off. */
const OFF = { defaultValue: bool(false), runtimeKey: 'headgate.decompressor.enabled' }

/** Decompress bodies, one filter per algorithm. */
export function decompressors(ways: readonly Decompression[]): readonly RouteFilter[] {
  return ways.map(({ algorithm, requests, responses }) => ({
    name: `envoy.filters.http.decompressor.${algorithm}`,
    typedConfig: any('envoy.extensions.filters.http.decompressor.v3.Decompressor', {
      decompressorLibrary: { name: algorithm, typedConfig: library(algorithm) },
      // Backends are told of the algorithm only where their answers are decompressed.
      requestDirectionConfig: { advertiseAcceptEncoding: bool(responses), ...(requests ? {} : { commonConfig: { enabled: OFF } }) },
      responseDirectionConfig: responses ? {} : { commonConfig: { enabled: OFF } },
    }),
  }))
}

function library(algorithm: CompressionAlgorithm): google.protobuf.Any {
  switch (algorithm) {
    case 'brotli':
      return any('envoy.extensions.compression.brotli.decompressor.v3.Brotli', {})
    case 'gzip':
      return any('envoy.extensions.compression.gzip.decompressor.v3.Gzip', {})
    case 'zstd':
      return any('envoy.extensions.compression.zstd.decompressor.v3.Zstd', {})
  }
}
