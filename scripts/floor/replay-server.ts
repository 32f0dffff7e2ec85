/**
 * The fastest control plane there can be: it has the bytes of everything beforehand, and writes those of a change when it is told to. What
 * an Envoy needs behind it is what Envoy needs.
 */
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js'
import { decode, encode } from '../../src/xds/message.js'
import { type EncodedResource, TYPE_URL } from '../../src/xds/resource.js'
import { ADS_SERVICE } from '../../src/xds/server/ads-service.js'

type Stream = ServerDuplexStream<Buffer, Buffer>

/** Scopes come in messages of this many: one big one would leave a peak of memory. */
const SCOPES_PER_MESSAGE = 500
const BY_NAME: ReadonlySet<string> = new Set([TYPE_URL.routeConfiguration, TYPE_URL.clusterLoadAssignment, TYPE_URL.secret])

/** A server for one Envoy over delta ADS on loopback. */
export class ReplayServer {
  readonly #server = new Server({ 'grpc.max_receive_message_length': -1 })
  readonly #resources: ReadonlyMap<string, EncodedResource>
  #stream: Stream | undefined
  #nonce = 0

  /** @param resources by any key; what an Envoy asks for first is answered from here */
  constructor(resources: ReadonlyMap<string, EncodedResource>) {
    this.#resources = resources
    this.#server.addService(ADS_SERVICE, {
      DeltaAggregatedResources: (stream: Stream) => this.#serve(stream),
      StreamAggregatedResources: (stream: Stream) => stream.end(),
    })
  }

  /** Listens on a free port of loopback and returns it. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port)
        else reject(error)
      })
    })
  }

  /** A message that is ready: sending it is a write and nothing else. */
  prepare(resources: readonly EncodedResource[]): () => void {
    const messages = byType(resources).map(([typeUrl, list]) => this.#message(typeUrl, list))
    return () => {
      for (const message of messages) this.#stream?.write(message)
    }
  }

  close(): void {
    this.#server.forceShutdown()
  }

  #serve(stream: Stream): void {
    this.#stream = stream
    const answered = new Set<string>()
    stream.on('error', () => {})
    stream.on('data', (bytes: Buffer) => {
      const request = decode('envoy.service.discovery.v3.DeltaDiscoveryRequest', bytes)
      const { typeUrl = '', resourceNamesSubscribe: names = [], errorDetail } = request
      if (errorDetail !== undefined) throw new Error(`the replayed configuration was rejected: ${errorDetail.message}`)
      if (BY_NAME.has(typeUrl) ? names.length === 0 : answered.has(typeUrl)) return
      answered.add(typeUrl)
      const wanted = new Set(names)
      const all = [...this.#resources.values()].filter((each) => each.typeUrl === typeUrl)
      const list = BY_NAME.has(typeUrl) ? all.filter(({ name }) => wanted.has(name)) : all
      const size = typeUrl === TYPE_URL.scopedRouteConfiguration ? SCOPES_PER_MESSAGE : Math.max(1, list.length)
      for (let from = 0; from === 0 || from < list.length; from += size) {
        stream.write(this.#message(typeUrl, list.slice(from, from + size)))
      }
    })
  }

  #message(typeUrl: string, resources: readonly EncodedResource[]): Buffer {
    this.#nonce += 1
    const nonce = String(this.#nonce)
    return encode('envoy.service.discovery.v3.DeltaDiscoveryResponse', {
      typeUrl,
      nonce,
      systemVersionInfo: nonce,
      resources: resources.map(({ name, value }) => ({ name, version: nonce, resource: { type_url: typeUrl, value } })),
    })
  }
}

function byType(resources: readonly EncodedResource[]): readonly (readonly [string, readonly EncodedResource[]])[] {
  return [...Map.groupBy(resources, ({ typeUrl }) => typeUrl)]
}
