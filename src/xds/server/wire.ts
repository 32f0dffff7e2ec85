/**
 * The responses of ADS, written by hand around bytes that already exist.
 *
 * A response is the concatenation of its resources, then the few fields that differ from stream to stream. A resource is a small
 * head, made once for all streams, and its value, never copied before the socket needs it. Field numbers:
 * envoy/service/discovery/v3/discovery.proto; the order of fields on the wire is free.
 */
import type { EncodedResource, TypeUrl } from '../resource.js'
import { lengthDelimitedTag } from './field-reader.js'

/** Counts what was encoded; tests and metrics read it. */
export interface EncodeCounters {
  /** Heads of resources made, by type URL: one per resource version and protocol, however many streams take it. */
  readonly encodes: Map<string, number>
}

/** Encodes resources for one protocol and remembers their heads as long as the resource lives. */
export interface ResourceEncoder {
  /** The buffers that make up the resource inside a response. */
  parts(resource: EncodedResource): readonly Buffer[]
}

/** Field 2 (`resources`) of a DeltaDiscoveryResponse: Resource{ version = 1, name = 3, resource = 2 { type_url = 1, value = 2 } }. */
export function deltaResourceEncoder(counters: EncodeCounters): ResourceEncoder {
  return cachedHeads(counters, (head, { typeUrl, name, version, value }) => {
    head.prefix(2, value.length)
    head.text(1, typeUrl)
    head.prefix(2, head.size + value.length)
    head.text(3, name)
    head.text(1, version)
    head.prefix(2, head.size + value.length)
  })
}

/** Field 2 (`resources`) of a DiscoveryResponse: Any{ type_url = 1, value = 2 }. */
export function sotwResourceEncoder(counters: EncodeCounters): ResourceEncoder {
  return cachedHeads(counters, (head, { typeUrl, value }) => {
    head.prefix(2, value.length)
    head.text(1, typeUrl)
    head.prefix(2, head.size + value.length)
  })
}

function cachedHeads({ encodes }: EncodeCounters, writeHead: (head: BackwardsWriter, resource: EncodedResource) => void): ResourceEncoder {
  const heads = new WeakMap<EncodedResource, Buffer>()
  const writer = new BackwardsWriter()
  const slab = new Slab()
  return {
    parts(resource) {
      let head = heads.get(resource)
      if (head === undefined) {
        writer.clear()
        writeHead(writer, resource)
        head = slab.keep(writer.bytes())
        heads.set(resource, head)
        encodes.set(resource.typeUrl, (encodes.get(resource.typeUrl) ?? 0) + 1)
      }
      return [head, resource.value]
    },
  }
}

/** Writes fields from the last to the first, so that the length of what stands in a message is known when it is written: one buffer for all. */
class BackwardsWriter {
  #bytes: Buffer = Buffer.alloc(1_024)
  #at = this.#bytes.length

  /** How many bytes were written. */
  get size(): number {
    return this.#bytes.length - this.#at
  }

  /** What was written; it changes with the next use. */
  bytes(): Buffer {
    return this.#bytes.subarray(this.#at)
  }

  clear(): void {
    this.#at = this.#bytes.length
  }

  /** A length-delimited field that holds text. */
  text(field: number, text: string): void {
    const length = Buffer.byteLength(text)
    this.#take(length)
    this.#bytes.write(text, this.#at)
    this.prefix(field, length)
  }

  /** The tag and the length of a length-delimited field whose bytes follow. */
  prefix(field: number, length: number): void {
    this.#varint(length)
    this.#varint(lengthDelimitedTag(field))
  }

  #varint(value: number): void {
    const length = varintLength(value)
    this.#take(length)
    writeVarint(this.#bytes, this.#at, value)
  }

  #take(length: number): void {
    if (this.#at < length) {
      const larger = Buffer.alloc(2 * (this.#bytes.length + length))
      const at = larger.length - this.size
      larger.set(this.bytes(), at)
      this.#bytes = larger
      this.#at = at
    }
    this.#at -= length
  }
}

/**
 * Small buffers that stay, side by side. In Node's own pool they would stand between those that they were made from and that do not stay,
 * and keep their memory: 700 bytes for each of 200.
 */
class Slab {
  static readonly #BYTES = 8_192
  #free: Buffer = Buffer.alloc(0)

  /** A copy. */
  keep(bytes: Buffer): Buffer {
    if (this.#free.length < bytes.length) this.#free = Buffer.allocUnsafeSlow(Math.max(Slab.#BYTES, bytes.length))
    const kept = this.#free.subarray(0, bytes.length)
    kept.set(bytes)
    this.#free = this.#free.subarray(bytes.length)
    return kept
  }
}

/** A DeltaDiscoveryResponse: resources = 2, type_url = 4, nonce = 5, removed_resources = 6, system_version_info = 1. */
export function deltaResponse(
  typeUrl: string,
  nonce: string,
  revision: number,
  resources: readonly Buffer[],
  removed: readonly string[],
): Buffer {
  return Buffer.concat([
    ...resources,
    ...removed.map((name) => stringField(6, name)),
    stringField(4, typeUrl),
    stringField(5, nonce),
    stringField(1, String(revision)),
  ])
}

/** A DiscoveryResponse: version_info = 1, resources = 2, type_url = 4, nonce = 5. */
export function sotwResponse(typeUrl: TypeUrl, nonce: string, version: string, resources: readonly Buffer[]): Buffer {
  return Buffer.concat([...resources, stringField(1, version), stringField(4, typeUrl), stringField(5, nonce)])
}

/** A length-delimited field that holds text. */
export function stringField(field: number, text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([lengthPrefix(field, bytes.length), bytes])
}

/** The tag and the length of a length-delimited field whose bytes follow. */
export function lengthPrefix(field: number, length: number): Buffer {
  const tag = lengthDelimitedTag(field)
  const prefix = Buffer.alloc(varintLength(tag) + varintLength(length))
  writeVarint(prefix, writeVarint(prefix, 0, tag), length)
  return prefix
}

function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) length++
  return length
}

/** Returns where the next byte goes. */
function writeVarint(bytes: Buffer, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest > 0x7f) {
    bytes[at++] = (rest % 0x80) + 0x80
    rest = Math.floor(rest / 0x80)
  }
  bytes[at++] = rest
  return at
}
