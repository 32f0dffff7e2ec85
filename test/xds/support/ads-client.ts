/** A small ADS client that does only what a test tells it: it never acknowledges by itself. */

import { fileURLToPath } from 'node:url'
import { type ChannelCredentials, Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import type { google } from '../../../src/gen/envoy/types.js'
import { decode, encode } from '../../../src/xds/message.js'
import { ADS_SERVICE } from '../../../src/xds/server/ads-service.js'

/** How long a test waits for a message that must come. */
const PATIENCE_MS = 15_000
/** How long it waits to be sure that nothing comes. */
const QUIET_MS = 60
/** Client and server share a process: on a busy machine many turns of the event loop say more than much time. */
const QUIET_TURNS = 15

/** A response of either protocol, decoded. */
export interface Received {
  readonly typeUrl: string
  readonly nonce: string
  /** What the protocol calls version_info or system_version_info. */
  readonly version: string
  readonly resources: readonly ReceivedResource[]
  readonly removed: readonly string[]
  readonly bytes: number
}

/** A resource of a response. A state-of-the-world response has no names or versions. */
export interface ReceivedResource {
  readonly name: string
  readonly version: string
  readonly typeUrl: string
  readonly value: Uint8Array
}

/** What a delta request says. */
export interface DeltaFields {
  readonly subscribe?: readonly string[]
  readonly unsubscribe?: readonly string[]
  readonly initialVersions?: Readonly<Record<string, string>>
  readonly nonce?: string
  readonly error?: string
}

/** What a state-of-the-world request says. */
export interface SotwFields {
  readonly names?: readonly string[]
  readonly version?: string
  readonly nonce?: string
  readonly error?: string
}

/** How to connect. */
export interface ConnectOptions {
  readonly credentials?: ChannelCredentials
  readonly metadata?: Readonly<Record<string, string>>
  readonly node?: { readonly id?: string; readonly cluster?: string }
}

/** A connection and its streams. */
export class AdsClient {
  readonly #client: Client
  readonly #options: ConnectOptions
  readonly #calls: ClientDuplexStream<Buffer, Buffer>[] = []

  constructor(port: number, options?: ConnectOptions) {
    this.#client = new Client(`127.0.0.1:${port}`, options?.credentials ?? credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.initial_reconnect_backoff_ms': 50,
      // Each client is a proxy of its own.
      'grpc.use_local_subchannel_pool': 1,
    })
    this.#options = options ?? {}
  }

  /** Opens a delta stream. */
  delta(): DeltaStream {
    return new DeltaStream(this.#open('DeltaAggregatedResources'), this.#node())
  }

  /** Opens a state-of-the-world stream. */
  sotw(): SotwStream {
    return new SotwStream(this.#open('StreamAggregatedResources'), this.#node())
  }

  /** Ends everything: closing the channel alone would leave its streams open. */
  close(): void {
    for (const call of this.#calls) call.cancel()
    this.#client.close()
  }

  #node(): { id: string; cluster: string } {
    return { id: this.#options.node?.id ?? 'test-proxy', cluster: this.#options.node?.cluster ?? 'test' }
  }

  #open(method: 'DeltaAggregatedResources' | 'StreamAggregatedResources'): ClientDuplexStream<Buffer, Buffer> {
    const metadata = new Metadata()
    for (const [key, value] of Object.entries(this.#options.metadata ?? {})) metadata.set(key, value)
    const { path, requestSerialize, responseDeserialize } = ADS_SERVICE[method] ?? unknownMethod(method)
    const call = this.#client.makeBidiStreamRequest<Buffer, Buffer>(path, requestSerialize, responseDeserialize, metadata)
    this.#calls.push(call)
    return call
  }
}

/** What both kinds of stream have in common. */
abstract class AdsStream {
  /** Everything that came and was not taken yet. */
  readonly inbox: Received[] = []
  /** The error that ended the stream. */
  error: ServiceError | undefined
  protected readonly call: ClientDuplexStream<Buffer, Buffer>
  #node: { id: string; cluster: string } | undefined
  #wake: (() => void)[] = []
  #isEnded = false

  constructor(call: ClientDuplexStream<Buffer, Buffer>, node: { id: string; cluster: string }) {
    this.call = call
    this.#node = node
    call.on('data', (bytes: Buffer) => {
      this.inbox.push(this.parse(bytes))
      this.#notify()
    })
    call.on('error', (error: ServiceError) => {
      this.error = error
      this.#notify()
    })
    call.on('end', () => {
      this.#isEnded = true
      this.#notify()
    })
  }

  /** The next response, of that type if one is given; others stay in the inbox. Rejects when none comes. */
  async next(typeUrl?: string): Promise<Received> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const at = this.inbox.findIndex((response) => typeUrl === undefined || response.typeUrl === typeUrl)
      const [response] = at < 0 ? [] : this.inbox.splice(at, 1)
      if (response !== undefined) return response
      if (this.error !== undefined) throw new Error(`the stream ended: ${this.error.message}`)
      const left = deadline - performance.now()
      if (left <= 0) throw new Error(`no response of ${typeUrl ?? 'any type'} came; there are ${JSON.stringify(this.inbox.map(describe))}`)
      await this.#changed(left)
    }
  }

  /** What came after a while of quiet: empty if the server had nothing to say. */
  async quiet(milliseconds: number = QUIET_MS): Promise<readonly Received[]> {
    for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise((resolve) => setTimeout(resolve, milliseconds / QUIET_TURNS))
    return this.inbox.splice(0)
  }

  /** Resolves with the error that ends the stream. */
  async failure(): Promise<ServiceError> {
    const deadline = performance.now() + PATIENCE_MS
    while (this.error === undefined) {
      const left = deadline - performance.now()
      if (left <= 0) throw new Error(this.#isEnded ? 'the stream ended without an error' : 'the stream did not fail')
      await this.#changed(left)
    }
    return this.error
  }

  /** Lets the first request come without a node. */
  forgetNode(): void {
    this.#node = undefined
  }

  /** Stops reading, as a client that hangs does. */
  stall(): void {
    this.call.pause()
  }

  /** Reads again. */
  resume(): void {
    this.call.resume()
  }

  /** Sends bytes that may not be a request at all. */
  sendBytes(bytes: Buffer): void {
    this.call.write(bytes)
  }

  /** Breaks the stream off. */
  cancel(): void {
    this.call.cancel()
  }

  protected abstract parse(bytes: Buffer): Received

  /** The node, once: A1.1 rule 1. */
  protected takeNode(): { node?: { id: string; cluster: string } } {
    const node = this.#node
    this.#node = undefined
    return node === undefined ? {} : { node }
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  #changed(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs)
      this.#wake.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

/** A delta stream. */
export class DeltaStream extends AdsStream {
  /** Sends a request. */
  send(typeUrl: string, fields: DeltaFields = {}): void {
    this.call.write(
      encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
        ...this.takeNode(),
        typeUrl,
        resourceNamesSubscribe: fields.subscribe ?? [],
        resourceNamesUnsubscribe: fields.unsubscribe ?? [],
        initialResourceVersions: fields.initialVersions ?? {},
        responseNonce: fields.nonce ?? '',
        ...(fields.error === undefined ? {} : { errorDetail: { code: 13, message: fields.error } }),
      }),
    )
  }

  /** Takes the next response and accepts it. */
  async accept(typeUrl?: string): Promise<Received> {
    const response = await this.next(typeUrl)
    this.send(response.typeUrl, { nonce: response.nonce })
    return response
  }

  /** Takes the next response and rejects it. */
  async reject(message: string, typeUrl?: string): Promise<Received> {
    const response = await this.next(typeUrl)
    this.send(response.typeUrl, { nonce: response.nonce, error: message })
    return response
  }

  protected parse(bytes: Buffer): Received {
    const response = decode('envoy.service.discovery.v3.DeltaDiscoveryResponse', bytes)
    return {
      typeUrl: response.typeUrl ?? '',
      nonce: response.nonce ?? '',
      version: response.systemVersionInfo ?? '',
      resources: (response.resources ?? []).map(({ name = '', version = '', resource }) => received(name, version, resource)),
      removed: response.removedResources ?? [],
      bytes: bytes.length,
    }
  }
}

/** A state-of-the-world stream. */
export class SotwStream extends AdsStream {
  /** Sends a request. */
  send(typeUrl: string, fields: SotwFields = {}): void {
    this.call.write(
      encode('envoy.service.discovery.v3.DiscoveryRequest', {
        ...this.takeNode(),
        typeUrl,
        resourceNames: fields.names ?? [],
        versionInfo: fields.version ?? '',
        responseNonce: fields.nonce ?? '',
        ...(fields.error === undefined ? {} : { errorDetail: { code: 13, message: fields.error } }),
      }),
    )
  }

  /** Takes the next response and accepts it, with these names. */
  async accept(typeUrl?: string, names: readonly string[] = []): Promise<Received> {
    const response = await this.next(typeUrl)
    this.send(response.typeUrl, { names, version: response.version, nonce: response.nonce })
    return response
  }

  /** Takes the next response and rejects it: the version is that of the one before. */
  async reject(message: string, typeUrl?: string, names: readonly string[] = [], previousVersion = ''): Promise<Received> {
    const response = await this.next(typeUrl)
    this.send(response.typeUrl, { names, version: previousVersion, nonce: response.nonce, error: message })
    return response
  }

  protected parse(bytes: Buffer): Received {
    const response = decode('envoy.service.discovery.v3.DiscoveryResponse', bytes)
    return {
      typeUrl: response.typeUrl ?? '',
      nonce: response.nonce ?? '',
      version: response.versionInfo ?? '',
      resources: (response.resources ?? []).map((resource) => received('', '', resource)),
      removed: [],
      bytes: bytes.length,
    }
  }
}

const received = (name: string, version: string, any: google.protobuf.Any | undefined): ReceivedResource => ({
  name,
  version,
  typeUrl: any?.type_url ?? '',
  value: any?.value ?? new Uint8Array(),
})

const describe = ({ typeUrl, resources, removed }: Received): unknown => ({ typeUrl, names: resources.map(({ name }) => name), removed })

function unknownMethod(method: string): never {
  throw new Error(`${fileURLToPath(import.meta.url)}: no method ${method}`)
}
