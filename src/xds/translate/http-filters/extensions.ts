/**
 * Programs that see requests and answers. The chain has places for as many as a route may have, and a route fills the first of them in its
 * order. One place for all would not do: Envoy goes on behind the place, and not within it, when a program lets a request go on later.
 */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy, google } from '../../../gen/envoy/types.js'
import {
  type DynamicModuleExtension,
  type Extension,
  type LuaExtension,
  MAX_EXTENSIONS,
  type ProcessedDirection,
  type ProcessorExtension,
} from '../../../ir/extension.js'
import { INVALID_BACKEND } from '../../invalid-backend.js'
import { any, duration } from '../../message.js'
import { type ResourceReference, TYPE_URL } from '../../resource.js'
import { questionRetry } from '../routes/retry-policy.js'
import { structOf } from '../struct.js'
import { EMPTY_PLACE, fillPlace, IDLE_PLACE } from './composite.js'
import { grpcAuthority } from './grpc-authority.js'
import type { HttpFilter } from './http-filter.js'
import { wasm } from './wasm.js'

type ProcessingMode = envoy.extensions.filters.http.ext_proc.v3.ProcessingMode
const MODE = 'envoy.extensions.filters.http.ext_proc.v3.ProcessingMode'
const { SEND, SKIP } = Enum[`${MODE}.HeaderSendMode`]
const BODY = Enum[`${MODE}.BodySendMode`]
const BODY_MODES = {
  none: BODY.NONE,
  streamed: BODY.STREAMED,
  buffered: BODY.BUFFERED,
  bufferedPartial: BODY.BUFFERED_PARTIAL,
  fullDuplexStreamed: BODY.FULL_DUPLEX_STREAMED,
} as const satisfies Record<ProcessedDirection['body'], number>

const nameOfPlace = (place: number): string => `headgate.extension.${place}`

/** The name of the place that every route with programs fills. */
export const FIRST_PROGRAM: string = nameOfPlace(0)

/** The places, in the order in which a request passes them. */
export const EXTENSIONS: readonly HttpFilter[] = Array.from({ length: MAX_EXTENSIONS }, (_, place) => {
  const name = nameOfPlace(place)
  return {
    name,
    config: EMPTY_PLACE,
    disabled: true,
    idle: IDLE_PLACE,
    perRoute: ({ extensions }) => {
      const extension = extensions?.[place]
      return extension && extensionConfig(name, extension)
    },
    references: ({ extensions }) => referencesOf(extensions?.[place]),
  } satisfies HttpFilter
})

/** What a route or a virtual host says about the place of this name to have it filled. */
export function extensionConfig(name: string, extension: Extension): google.protobuf.Any {
  const filter = { name, typedConfig: filterOf(extension) }
  const passing = extension.kind === 'processor' ? ofPassingBodies(extension) : extension
  return fillPlace(filter, { forTunnels: passing === extension ? undefined : { name, typedConfig: filterOf(passing) } })
}

/** A service that sees bodies as they pass where it would wait for all of them; the same where it does not wait. */
function ofPassingBodies(extension: ProcessorExtension): ProcessorExtension {
  const { request, response } = extension
  if (!waits(request) && !waits(response)) return extension
  return {
    ...extension,
    ...(waits(request) ? { request: { ...request, body: 'streamed' as const } } : {}),
    ...(waits(response) ? { response: { ...response, body: 'streamed' as const } } : {}),
  }
}

function waits(direction: ProcessedDirection | undefined): direction is ProcessedDirection {
  return direction?.body === 'buffered' || direction?.body === 'bufferedPartial'
}

function filterOf(extension: Extension): google.protobuf.Any {
  switch (extension.kind) {
    case 'lua':
      return lua(extension)
    case 'processor':
      return processor(extension)
    case 'wasm':
      return wasm(extension)
    case 'dynamicModule':
      return dynamicModule(extension)
  }
}

function referencesOf(extension: Extension | undefined): readonly ResourceReference[] {
  if (extension?.kind !== 'processor' || extension.cluster === undefined) return []
  return [{ typeUrl: TYPE_URL.cluster, name: extension.cluster }]
}

function lua({ script, context }: LuaExtension): google.protobuf.Any {
  return any('envoy.extensions.filters.http.lua.v3.Lua', {
    defaultSourceCode: { inlineString: script },
    ...(context === undefined ? {} : { filterContext: structOf(context) }),
  })
}

/** A stream to a service is as long as its request: a day is no limit. */
const STREAM_MS = 24 * 3_600_000

function processor(extension: ProcessorExtension): google.protobuf.Any {
  const { request, response, statusOnError, messageTimeoutMs, readableMetadata, writableMetadata } = extension
  // Nobody answers at a cluster that never exists.
  const cluster = extension.cluster ?? INVALID_BACKEND
  return any('envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor', {
    grpcService: { envoyGrpc: { clusterName: cluster, authority: grpcAuthority(cluster) }, retryPolicy: questionRetry(STREAM_MS) },
    // Envoy fails requests for one that is only told and cannot be told, too.
    failureModeAllow: extension.failOpen || extension.isShadow,
    processingMode: processingMode(extension),
    ...(request === undefined ? {} : { requestAttributes: request.attributes }),
    ...(response === undefined ? {} : { responseAttributes: response.attributes }),
    ...(messageTimeoutMs === undefined ? {} : { messageTimeout: duration(messageTimeoutMs) }),
    ...(statusOnError === undefined ? {} : { statusOnError: { code: statusOnError as envoy.type.v3.StatusCode } }),
    allowModeOverride: extension.mayChangeMode,
    observabilityMode: extension.isShadow,
    ...(readableMetadata.length + writableMetadata.length === 0
      ? {}
      : { metadataOptions: { forwardingNamespaces: { untyped: readableMetadata }, receivingNamespaces: { untyped: writableMetadata } } }),
  })
}

function processingMode({ request, response }: ProcessorExtension): ProcessingMode {
  return {
    requestHeaderMode: request === undefined ? SKIP : SEND,
    responseHeaderMode: response === undefined ? SKIP : SEND,
    requestBodyMode: BODY_MODES[request?.body ?? 'none'],
    responseBodyMode: BODY_MODES[response?.body ?? 'none'],
    requestTrailerMode: request?.trailers === true ? SEND : SKIP,
    responseTrailerMode: response?.trailers === true ? SEND : SKIP,
  }
}

function dynamicModule({ name, filterName, config, staysLoaded, isGlobal, isTerminal }: DynamicModuleExtension): google.protobuf.Any {
  return any('envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter', {
    dynamicModuleConfig: { name, ...(staysLoaded ? { doNotClose: true } : {}), ...(isGlobal ? { loadGlobally: true } : {}) },
    filterName,
    ...(config === undefined ? {} : { filterConfig: any('google.protobuf.StringValue', { value: config }) }),
    terminalFilter: isTerminal,
  })
}
