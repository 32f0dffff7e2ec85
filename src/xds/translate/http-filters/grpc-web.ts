import { any } from '../../message.js'
import { EMPTY_PLACE, fillPlace, IDLE_PLACE } from './composite.js'
import type { HttpFilter } from './http-filter.js'

const NAME = 'envoy.filters.http.grpc_web'
const FILTER = fillPlace({ name: NAME, typedConfig: any('envoy.extensions.filters.http.grpc_web.v3.GrpcWeb', {}) })

/** Turns gRPC-Web of browsers into gRPC, and answers back: those of the filters behind it as well. It has no settings. */
export const GRPC_WEB: HttpFilter = {
  name: NAME,
  config: EMPTY_PLACE,
  disabled: true,
  idle: IDLE_PLACE,
  perRoute: ({ grpcWeb }) => (grpcWeb === true ? FILTER : undefined),
}
