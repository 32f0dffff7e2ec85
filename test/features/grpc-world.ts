/** A feature world with gRPC backends. */
import { afterAll } from '@jest/globals'
import { connectGrpc, type GrpcBackend, type GrpcResult, startGrpcBackend } from '../support/grpc-backend.js'
import { backend, gateway, route } from './manifests.js'
import { featureWorld, type World } from './world.js'

/** Methods that every gRPC backend of a world serves. */
const METHODS = ['/shop.Cart/Add', '/shop.Cart/Remove', '/shop.Cart2/Add', '/shop.Orders/Add', '/shop.Orders/List']

/** A call through port 80 of the Gateway `gw`. */
export interface Call {
  /** Default `/shop.Cart/Add`. */
  readonly method?: string
  readonly authority?: string
  readonly metadata?: Readonly<Record<string, string>>
  /** Where to call instead: `default/gw` and 80. */
  readonly gateway?: string
  readonly port?: number
}

/** A world whose backends speak gRPC. */
export interface GrpcWorld extends World {
  grpcBackend(name: string): GrpcBackend
  call(call?: Call): Promise<GrpcResult>
  /** The name of the backend that answers, or the code of the error. */
  grpcAnswerer(call?: Call): Promise<string | number>
}

/** Starts a Headgate and gRPC backends, each with a Backend of its name, and by default the Gateway `gw`. */
export function grpcWorld(names: readonly string[], base: string = gateway('gw')): GrpcWorld {
  let started: readonly GrpcBackend[] = []
  const world = featureWorld([], async () => {
    started = await Promise.all(names.map((name) => startGrpcBackend(name, METHODS)))
    return [...started.map((each) => backend(each, ['kubernetes.io/h2c'])), base].join('---')
  })
  afterAll(() => {
    for (const each of started) each.close()
  })
  const call = async ({
    method = '/shop.Cart/Add',
    authority = 'example.com',
    metadata = {},
    gateway: to = 'default/gw',
    port = 80,
  }: Call = {}) => {
    const client = connectGrpc({ ...world.headgate.place(to, port), authority })
    try {
      return await client.call(method, metadata)
    } finally {
      client.close()
    }
  }
  return {
    // Not spread: what a world has comes into being only when its tests begin.
    get headgate() {
      return world.headgate
    },
    backend: world.backend,
    write: world.write,
    writeRefused: world.writeRefused,
    ask: world.ask,
    answerer: world.answerer,
    conditions: world.conditions,
    stored: world.stored,
    listener: world.listener,
    grpcBackend: (name) => {
      const found = started.find((each) => each.name === name)
      if (found === undefined) throw new Error(`no gRPC backend "${name}" in this file`)
      return found
    },
    call,
    grpcAnswerer: async (question) => {
      const { code, echo } = await call(question)
      return echo?.backend ?? code
    },
  }
}

/** A GRPCRoute, see `route`. */
export function grpcRoute(name: string, rules: string, spec?: string): string {
  return route('GRPCRoute', name, rules, spec)
}
