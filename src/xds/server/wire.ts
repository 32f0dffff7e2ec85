/**
 * The responses of ADS, written by hand around bytes that already exist.
 *
 * A response is the concatenation of its resources, then the few fields that differ from stream to stream. A resource is a small
 * head, made once for all streams, and its value, never copied before the socket needs it. Field numbers:
 * envoy/service/discovery/v3/discovery.proto; the order of fields on the wire is free.
 */
import type { EncodedResource, TypeUrl } from '../resource.js'

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
  return cachedHeads(counters, ({ typeUrl, name, version, value }) => {
    const any = Buffer.concat([stringField(1, typeUrl), lengthPrefix(2, value.length)])
    const resource = Buffer.concat([stringField(1, version), stringField(3, name), lengthPrefix(2, any.length + value.length), any])
    return Buffer.concat([lengthPrefix(2, resource.length + value.length), resource])
  })
}

/** Field 2 (`resources`) of a DiscoveryResponse: Any{ type_url = 1, value = 2 }. */
export function sotwResourceEncoder(counters: EncodeCounters): ResourceEncoder {
  return cachedHeads(counters, ({ typeUrl, value }) => {
    const any = Buffer.concat([stringField(1, typeUrl), lengthPrefix(2, value.length)])
    return Buffer.concat([lengthPrefix(2, any.length + value.length), any])
  })
}

function cachedHeads({ encodes }: EncodeCounters, encodeHead: (resource: EncodedResource) => Buffer): ResourceEncoder {
  const heads = new WeakMap<EncodedResource, Buffer>()
  const slab = new Slab()
  return {
    parts(resource) {
      let head = heads.get(resource)
      if (head === undefined) {
        head = slab.keep(encodeHead(resource))
        heads.set(resource, head)
        encodes.set(resource.typeUrl, (encodes.get(resource.typeUrl) ?? 0) + 1)
      }
      return [head, resource.value]
    },
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
  const LENGTH_DELIMITED = 2
  return Buffer.from([...varint(field * 8 + LENGTH_DELIMITED), ...varint(length)])
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest % 0x80) + 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return bytes
}
