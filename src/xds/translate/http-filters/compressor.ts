import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy, google } from '../../../gen/envoy/types.js'
import type { Compression, CompressionAlgorithm } from '../../../ir/request-traffic.js'
import { any, uint32 } from '../../message.js'
import type { RouteFilter } from './slot.js'

const GZIP_LEVEL = Enum['envoy.extensions.compression.gzip.compressor.v3.Gzip.CompressionLevel']

/**
 * Compress answers, one filter per algorithm: they agree among themselves on the one that the client likes most, and of those that it
 * likes equally on the one that says so. Backends that compress by themselves are asked to: their answers are left as they are.
 */
export function compressors(ways: readonly Compression[]): readonly RouteFilter[] {
  return ways.map((way, at) => ({
    name: `envoy.filters.http.compressor.${way.algorithm}`,
    typedConfig: any('envoy.extensions.filters.http.compressor.v3.Compressor', compressor(way, at === 0)),
  }))
}

function compressor(
  { algorithm, level, minBytes, contentTypes }: Compression,
  isPreferred: boolean,
): envoy.extensions.filters.http.compressor.v3.Compressor {
  return {
    compressorLibrary: { name: algorithm, typedConfig: library(algorithm, level) },
    responseDirectionConfig: {
      commonConfig: {
        minContentLength: uint32(minBytes),
        ...(contentTypes.length === 0 ? {} : { contentType: contentTypes }),
      },
    },
    ...(isPreferred ? { chooseFirst: true } : {}),
  }
}

const LEVELS: Readonly<Record<CompressionAlgorithm, Readonly<Record<Compression['level'], number>>>> = {
  brotli: { fastest: 1, balanced: 4, smallest: 11 },
  gzip: { fastest: GZIP_LEVEL.BEST_SPEED, balanced: GZIP_LEVEL.COMPRESSION_LEVEL_5, smallest: GZIP_LEVEL.BEST_COMPRESSION },
  zstd: { fastest: 1, balanced: 3, smallest: 19 },
}

function library(algorithm: CompressionAlgorithm, level: Compression['level']): google.protobuf.Any {
  const number = LEVELS[algorithm][level]
  switch (algorithm) {
    case 'brotli':
      return any('envoy.extensions.compression.brotli.compressor.v3.Brotli', { quality: uint32(number) })
    case 'gzip':
      return any('envoy.extensions.compression.gzip.compressor.v3.Gzip', { compressionLevel: number as GzipLevel })
    case 'zstd':
      return any('envoy.extensions.compression.zstd.compressor.v3.Zstd', { compressionLevel: uint32(number) })
  }
}

type GzipLevel = NonNullable<envoy.extensions.compression.gzip.compressor.v3.Gzip['compressionLevel']>
