/**
 * The parts of a delta request that grow with what a proxy has, read without a decoder: ten thousand names and versions become texts once, and
 * no object with ten thousand keys on the way. Field numbers: envoy/service/discovery/v3/discovery.proto.
 */

import { FieldReader, LENGTH_DELIMITED } from './field-reader.js'

/** What a DeltaDiscoveryRequest names, and the bytes of all its other fields. */
export interface RequestFields {
  readonly subscribe: readonly string[]
  readonly unsubscribe: readonly string[]
  readonly initialVersions: ReadonlyMap<string, string>
  readonly rest: Buffer
}

const SUBSCRIBE = 3 * 8 + LENGTH_DELIMITED
const UNSUBSCRIBE = 4 * 8 + LENGTH_DELIMITED
const INITIAL_VERSIONS = 5 * 8 + LENGTH_DELIMITED
const ENTRY_KEY = 8 + LENGTH_DELIMITED
const ENTRY_VALUE = 2 * 8 + LENGTH_DELIMITED

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
    else {
      reader.skip(tag)
      rest.push(bytes.subarray(start, reader.at))
    }
  }
  return { subscribe, unsubscribe, initialVersions, rest: Buffer.concat(rest) }
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
