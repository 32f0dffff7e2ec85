/**
 * What both requests have in common, read without a decoder: that would make objects of what nobody reads, such as the list of all extensions
 * that an Envoy was built with, and refuse a request whose error is cut off in the middle of a letter. Field numbers:
 * envoy/config/core/v3/base.proto, envoy/type/v3/semantic_version.proto, google/protobuf/struct.proto, google/rpc/status.proto.
 */
import { IMAGE_METADATA } from '../image-metadata.js'
import { type FieldReader, lengthDelimitedTag, varintTag } from './field-reader.js'

/** Why a client rejected a response, in its own words. */
export interface Rejection {
  readonly message: string
}

/** What a client says about itself in its first request. It is a hint, never an identity. */
export interface ClientNode {
  readonly id: string
  readonly cluster: string
  /** For example `envoy 1.40.0`; empty when the client does not say. */
  readonly userAgent: string
  /** The image of its pod, from its metadata; empty when the client does not say. */
  readonly image: string
}

/** Tags of a Node. */
const NODE = {
  id: lengthDelimitedTag(1),
  cluster: lengthDelimitedTag(2),
  metadata: lengthDelimitedTag(3),
  userAgentName: lengthDelimitedTag(6),
  userAgentVersion: lengthDelimitedTag(7),
  userAgentBuildVersion: lengthDelimitedTag(8),
} as const
/** Of a BuildVersion, and of its SemanticVersion: major_number, minor_number, patch. */
const VERSION = lengthDelimitedTag(1)
const VERSION_PARTS = [1, 2, 3].map(varintTag)
/** Of a google.rpc.Status. */
const MESSAGE = lengthDelimitedTag(2)

/** Reads the `error_detail` that begins here. */
export function readErrorDetail(reader: FieldReader): Rejection {
  let message = ''
  reader.fields((tag) => {
    if (tag !== MESSAGE) return false
    message = reader.text()
    return true
  })
  return { message }
}

/** Reads the `node` that begins here. */
export function readNode(reader: FieldReader): ClientNode {
  let [id, cluster, agent, version, image] = ['', '', '', '', '']
  let build: string | undefined
  reader.fields((tag) => {
    switch (tag) {
      case NODE.id:
        id = reader.text()
        return true
      case NODE.cluster:
        cluster = reader.text()
        return true
      case NODE.metadata:
        image = readImage(reader)
        return true
      case NODE.userAgentName:
        agent = reader.text()
        return true
      case NODE.userAgentVersion:
        version = reader.text()
        return true
      case NODE.userAgentBuildVersion:
        build = readBuildVersion(reader)
        return true
      default:
        return false
    }
  })
  return { id, cluster, userAgent: `${agent} ${build ?? version}`.trim(), image }
}

/** Of a google.protobuf.Struct: a map of names to values, of which only texts are looked at. */
function readImage(reader: FieldReader): string {
  const texts = new Map<string, string>()
  reader.fields((tag) => {
    if (tag !== lengthDelimitedTag(1)) return false
    readEntry(reader, texts, readTextValue)
    return true
  })
  return texts.get(IMAGE_METADATA) ?? ''
}

/** Of a google.protobuf.Value; empty for one that is no text. */
function readTextValue(reader: FieldReader): string {
  let value = ''
  reader.fields((tag) => {
    if (tag !== lengthDelimitedTag(3)) return false
    value = reader.text()
    return true
  })
  return value
}

function readBuildVersion(reader: FieldReader): string | undefined {
  let version: string | undefined
  reader.fields((tag) => {
    if (tag !== VERSION) return false
    const parts = [0, 0, 0]
    reader.fields((part) => {
      const at = VERSION_PARTS.indexOf(part)
      if (at < 0) return false
      parts[at] = reader.varint()
      return true
    })
    version = parts.join('.')
    return true
  })
  return version
}

/**
 * Reads the entry of a map that begins here: a message of its key and its value; both may be missing.
 *
 * @param readValue the value that begins there; a text unless it is told
 */
export function readEntry(reader: FieldReader, into: Map<string, string>, readValue: (reader: FieldReader) => string = readText): void {
  let [key, value] = ['', '']
  reader.fields((tag) => {
    if (tag === lengthDelimitedTag(1)) key = reader.text()
    else if (tag === lengthDelimitedTag(2)) value = readValue(reader)
    else return false
    return true
  })
  into.set(key, value)
}

function readText(reader: FieldReader): string {
  return reader.text()
}
