/**
 * Reads the API out of an Envoy binary. Protobuf's C++ runtime keeps every .proto file as an encoded google.protobuf.FileDescriptorProto
 * in the program, so the binary itself says what it understands.
 */
import { readFileSync } from 'node:fs'
import type { google } from '../../src/gen/envoy/types.js'
import { decode } from '../../src/xds/message.js'

type FileDescriptorProto = google.protobuf.FileDescriptorProto

/** FileDescriptorProto: `name` is field 1, `package` is field 2, both strings. */
const NAME_TAG = 0x0a
const PACKAGE_TAG = 0x12
const END_OF_NAME = Buffer.concat([Buffer.from('.proto'), Buffer.from([PACKAGE_TAG])])
const FILE_NAME = /^[a-z][A-Za-z0-9_./-]*\.proto$/
/** The fields of FileDescriptorProto: whatever comes behind one in the binary hardly begins like another one. */
const LAST_FIELD = 14
const LENGTH_DELIMITED = 2
const VARINT = 0

/** Every file that the binary knows, by its name. Throws when there is none: then it is no Envoy, or one that is compressed. */
export function readBinaryDescriptors(path: string): ReadonlyMap<string, FileDescriptorProto> {
  const binary = readFileSync(path)
  const files = new Map<string, FileDescriptorProto>()
  for (let at = binary.indexOf(END_OF_NAME); at !== -1; at = binary.indexOf(END_OF_NAME, at + 1)) {
    const start = startOfFile(binary, at + END_OF_NAME.length - 1)
    if (start === undefined) continue
    const file = decode('google.protobuf.FileDescriptorProto', binary.subarray(start, endOfFile(binary, start)))
    if (file.name !== undefined && !files.has(file.name)) files.set(file.name, file)
  }
  if (files.size === 0) throw new Error(`${path} holds no descriptors: is it an Envoy?`)
  return files
}

/** Where the file begins whose name ends here: one tag and one byte of length before the name. */
function startOfFile(binary: Buffer, endOfName: number): number | undefined {
  for (let length = '.proto'.length + 1; length < 0x80; length++) {
    const start = endOfName - length - 2
    if (start < 0) return undefined
    if (binary[start] !== NAME_TAG || binary[start + 1] !== length) continue
    if (FILE_NAME.test(binary.toString('latin1', start + 2, endOfName))) return start
  }
  return undefined
}

/** Where the fields of the file end: at a tag that no file has, or at a second name. */
function endOfFile(binary: Buffer, start: number): number {
  let end = start
  for (;;) {
    const tag = readVarint(binary, end)
    const field = tag.value >>> 3
    const wireType = tag.value & 7
    if (field < 1 || field > LAST_FIELD || (field === 1 && end !== start)) return end
    if (wireType !== LENGTH_DELIMITED && wireType !== VARINT) return end
    const value = readVarint(binary, tag.end)
    const next = wireType === VARINT ? value.end : value.end + value.value
    if (next > binary.length) return end
    end = next
  }
}

function readVarint(binary: Buffer, at: number): { readonly value: number; readonly end: number } {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = binary[at + i] ?? 0
    value |= (byte & 0x7f) << (7 * i)
    if (byte < 0x80) return { value: value >>> 0, end: at + i + 1 }
  }
  return { value: 0, end: at + 1 }
}
