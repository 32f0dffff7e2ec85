/**
 * The parts of a delta request that grow with what a proxy has, read without a decoder: ten thousand names and versions become texts once, and
 * no object with ten thousand keys on the way. Field numbers: envoy/service/discovery/v3/discovery.proto.
 */

import { FieldReader, LENGTH_DELIMITED } from './field-reader.js'
import { lengthPrefix } from './wire.js'

/** What a DeltaDiscoveryRequest names, and the bytes of its other fields, without those of its node that nobody reads. */
export interface RequestFields {
  readonly subscribe: readonly string[]
  readonly unsubscribe: readonly string[]
  readonly initialVersions: ReadonlyMap<string, string>
  readonly rest: Buffer
}

const NODE_FIELD = 1
const NODE = NODE_FIELD * 8 + LENGTH_DELIMITED
const SUBSCRIBE = 3 * 8 + LENGTH_DELIMITED
const UNSUBSCRIBE = 4 * 8 + LENGTH_DELIMITED
const INITIAL_VERSIONS = 5 * 8 + LENGTH_DELIMITED
const ENTRY_KEY = 8 + LENGTH_DELIMITED
const ENTRY_VALUE = 2 * 8 + LENGTH_DELIMITED
/** id, cluster, user_agent_name, user_agent_version, user_agent_build_version: envoy/config/core/v3/base.proto. */
const READ_OF_NODE: ReadonlySet<number> = new Set([1, 2, 6, 7, 8].map((field) => field * 8 + LENGTH_DELIMITED))

/** Throws on bytes that are no message, and on groups, which nobody sends. */
export function readRequestFields(bytes: Buffer): RequestFields {
  const subscribe: string[] = []
  const unsubscribe: string[] = []
  const initialVersions = new Map<string, string>()
  const rest: Buffer[] = []
  const reader = new FieldReader(bytes)
  while (reader.at < bytes.length) {
    const start = reader.at
    const tag = reader.varint()
    if (tag === SUBSCRIBE) subscribe.push(reader.text())
    else if (tag === UNSUBSCRIBE) unsubscribe.push(reader.text())
    else if (tag === INITIAL_VERSIONS) readEntry(reader, initialVersions)
    else if (tag === NODE) rest.push(...readNode(reader, bytes))
    else {
      reader.skip(tag)
      rest.push(bytes.subarray(start, reader.at))
    }
  }
  return { subscribe, unsubscribe, initialVersions, rest: Buffer.concat(rest) }
}

/** A node as a field, without the list of all extensions that an Envoy was built with, which is nearly all of its first request. */
function readNode(reader: FieldReader, bytes: Buffer): readonly Buffer[] {
  const end = reader.end()
  const kept: Buffer[] = []
  let length = 0
  while (reader.at < end) {
    const start = reader.at
    const tag = reader.varint()
    reader.skip(tag)
    if (!READ_OF_NODE.has(tag)) continue
    kept.push(bytes.subarray(start, reader.at))
    length += reader.at - start
  }
  if (reader.at !== end) throw new RangeError('a node ends behind its length')
  return [lengthPrefix(NODE_FIELD, length), ...kept]
}

/** An entry of a map is a message of its key and its value; both may be missing. */
function readEntry(reader: FieldReader, into: Map<string, string>): void {
  const end = reader.end()
  let key = ''
  let value = ''
  while (reader.at < end) {
    const tag = reader.varint()
    if (tag === ENTRY_KEY) key = reader.text()
    else if (tag === ENTRY_VALUE) value = reader.text()
    else reader.skip(tag)
  }
  if (reader.at !== end) throw new RangeError('an entry ends behind its length')
  into.set(key, value)
}
