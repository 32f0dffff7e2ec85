/** Resources ready for the wire: equal content has equal bytes, and equal bytes have an equal version. */

import { hash } from 'node:crypto'
import type { EnvoyMessages } from '../../gen/envoy/types.js'
import { compareText } from '../../util/compare-text.js'
import { exactly } from '../../util/exactly.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import { cutOut } from '../../util/one-piece.js'
import { encodeToKeep, type MessageName } from '../message.js'
import type { EncodedResource, ResourceReference, TypeUrl } from '../resource.js'

/** Characters of a version: 132 bits of SHA-256. */
const VERSION_LENGTH = 22

/** Everything of a resource but its bytes. */
export interface ResourceIdentity {
  readonly typeUrl: TypeUrl
  readonly name: string
  readonly origins: readonly ObjectVersion[]
  readonly references: readonly ResourceReference[]
}

/** Encodes a message as a resource. The type URL must be that of the message. */
export function encodeResource<Name extends MessageName>(
  messageName: Name,
  message: EnvoyMessages[Name],
  identity: ResourceIdentity,
): EncodedResource {
  const value = encodeToKeep(messageName, message)
  return { ...identity, version: contentHash(value), value }
}

/** The version of content. */
export function contentHash(content: string | Uint8Array): string {
  // At once: an object that takes content bit by bit costs as much again as the sum itself.
  return cutOut(hash('sha256', content, 'base64url').slice(0, VERSION_LENGTH))
}

/** The version of what consists of these bytes and of parts with these versions, in this order. */
export function versionOfParts(frame: Uint8Array, parts: readonly { readonly version: string }[]): string {
  return contentHash(Buffer.concat([frame, Buffer.from(parts.map(({ version }) => version).join())]))
}

/**
 * True if nothing that depends on a resource needs to know the new one. The version stands for the bytes; origins count as well, because
 * an object may reach a new generation without changing a byte.
 */
export function sameResource(a: EncodedResource, b: EncodedResource): boolean {
  return a.version === b.version && sameReferences(a.references, b.references) && sameOrigins(a.origins, b.origins)
}

/** References without repetitions, in a total order. */
export function sortReferences(references: Iterable<ResourceReference>): readonly ResourceReference[] {
  const distinct: ResourceReference[] = []
  // Most resources name one other resource, several times: no table for that.
  for (const reference of references) {
    const last = distinct.at(-1)
    if (last === undefined || last.name !== reference.name || last.typeUrl !== reference.typeUrl) distinct.push(reference)
  }
  if (distinct.length < 2) return exactly(distinct)
  const byKey = new Map<string, ResourceReference>()
  for (const reference of distinct) byKey.set(`${reference.typeUrl} ${reference.name}`, reference)
  return exactly([...byKey].sort(([a], [b]) => compareText(a, b)).map(([, reference]) => reference))
}

function sameReferences(a: readonly ResourceReference[], b: readonly ResourceReference[]): boolean {
  if (a === b) return true
  return a.length === b.length && a.every((one, i) => one.name === b[i]?.name && one.typeUrl === b[i]?.typeUrl)
}

function sameOrigins(a: readonly ObjectVersion[], b: readonly ObjectVersion[]): boolean {
  return a === b || (a.length === b.length && a.every((one, i) => sameOrigin(one, b[i])))
}

function sameOrigin(a: ObjectVersion, b: ObjectVersion | undefined): boolean {
  if (a === b) return true
  return a.generation === b?.generation && a.name === b.name && a.namespace === b.namespace && a.kind === b.kind && a.group === b.group
}
