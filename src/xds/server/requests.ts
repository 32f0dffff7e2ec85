/**
 * The requests of both protocols, reduced to what we use. Ten thousand names and versions become texts once, and no object with ten thousand keys
 * on the way. Field numbers: envoy/service/discovery/v3/discovery.proto.
 */
import { FieldReader, lengthDelimitedTag } from './field-reader.js'
import { type ClientNode, type Rejection, readEntry, readErrorDetail, readNode } from './request-fields.js'

/** What both kinds of request have in common. */
interface RequestBase {
  readonly typeUrl: string
  /** Pairs an answer with a response of this stream and type; empty in a request that answers none. */
  readonly nonce: string
  /** Present exactly when the response was rejected (A1.1: never judged by comparing versions). */
  readonly rejection: Rejection | undefined
  /** Guaranteed only in the first request of a stream. */
  readonly node: ClientNode | undefined
}

/** A DeltaDiscoveryRequest. */
export interface DeltaRequest extends RequestBase {
  readonly protocol: 'delta'
  readonly subscribe: readonly string[]
  readonly unsubscribe: readonly string[]
  readonly initialVersions: ReadonlyMap<string, string>
}

/** A DiscoveryRequest. */
export interface SotwRequest extends RequestBase {
  readonly protocol: 'sotw'
  readonly names: readonly string[]
}

/** A request of either protocol. */
export type DiscoveryRequest = DeltaRequest | SotwRequest

/** The variant of the protocol that a stream speaks. */
export type Protocol = DiscoveryRequest['protocol']

/** Tags of the fields that both have. */
interface CommonTags {
  readonly node: number
  readonly typeUrl: number
  readonly nonce: number
  readonly errorDetail: number
}

const DELTA: CommonTags = {
  node: lengthDelimitedTag(1),
  typeUrl: lengthDelimitedTag(2),
  nonce: lengthDelimitedTag(6),
  errorDetail: lengthDelimitedTag(7),
}
const SUBSCRIBE = lengthDelimitedTag(3)
const UNSUBSCRIBE = lengthDelimitedTag(4)
const INITIAL_VERSIONS = lengthDelimitedTag(5)
const SOTW: CommonTags = {
  node: lengthDelimitedTag(2),
  typeUrl: lengthDelimitedTag(4),
  nonce: lengthDelimitedTag(5),
  errorDetail: lengthDelimitedTag(6),
}
const NAMES = lengthDelimitedTag(3)

/** Reads a DeltaDiscoveryRequest. Throws RangeError on bytes that are none, and on groups, which nobody sends. */
export function decodeDeltaRequest(bytes: Buffer): DeltaRequest {
  const subscribe: string[] = []
  const unsubscribe: string[] = []
  const initialVersions = new Map<string, string>()
  const common = readRequest(bytes, DELTA, (tag, reader) => {
    if (tag === SUBSCRIBE) subscribe.push(reader.text())
    else if (tag === UNSUBSCRIBE) unsubscribe.push(reader.text())
    else if (tag === INITIAL_VERSIONS) readEntry(reader, initialVersions)
    else return false
    return true
  })
  return { protocol: 'delta', ...common, subscribe, unsubscribe, initialVersions }
}

/** Reads a DiscoveryRequest. Throws RangeError on bytes that are none, and on groups, which nobody sends. */
export function decodeSotwRequest(bytes: Buffer): SotwRequest {
  const names: string[] = []
  const common = readRequest(bytes, SOTW, (tag, reader) => tag === NAMES && names.push(reader.text()) > 0)
  return { protocol: 'sotw', ...common, names }
}

/**
 * How many fields a message has on its first level, without reading them: enough to refuse a million names for the price of a glance.
 * What cannot be read counts as far as it can.
 */
export function countFields(bytes: Buffer): number {
  const reader = new FieldReader(bytes)
  let count = 0
  try {
    while (reader.at < bytes.length) {
      reader.skip(reader.varint())
      count += 1
    }
  } catch {
    // Whoever reads it stops there as well, and says what is wrong.
  }
  return count
}

/** @param takeMore reads what is no common field, or answers false */
function readRequest(bytes: Buffer, tags: CommonTags, takeMore: (tag: number, reader: FieldReader) => boolean): RequestBase {
  const reader = new FieldReader(bytes)
  let [typeUrl, nonce] = ['', '']
  let rejection: Rejection | undefined
  let node: ClientNode | undefined
  reader.fields((tag) => {
    if (tag === tags.typeUrl) typeUrl = reader.text()
    else if (tag === tags.nonce) nonce = reader.text()
    else if (tag === tags.errorDetail) rejection = readErrorDetail(reader)
    else if (tag === tags.node) node = readNode(reader)
    else return takeMore(tag, reader)
    return true
  }, bytes.length)
  return { typeUrl, nonce, rejection, node }
}
