/** The list of rejected versions as JSON, for whoever keeps it. */
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Fleet, RejectedVersion } from '../rejected-versions.js'
import { isServed } from './push-order.js'

/** The text is something else than a list of rejected versions. */
export class RejectedVersionFormatError extends Error {
  override readonly name = 'RejectedVersionFormatError'
}

/** The list in a text that `formatRejectedVersions` made. Throws `RejectedVersionFormatError`, which says what is wrong. */
export function parseRejectedVersions(text: string): readonly RejectedVersion[] {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw new RejectedVersionFormatError('is not JSON')
  }
  if (!Array.isArray(content)) throw new RejectedVersionFormatError('is not a list')
  return content.map((entry: unknown, index) => {
    if (!isRejectedVersion(entry)) throw new RejectedVersionFormatError(`has an entry (number ${index + 1}) that is not a rejected version`)
    return entry
  })
}

/** The list as a text. */
export function formatRejectedVersions(versions: readonly RejectedVersion[]): string {
  return `${JSON.stringify(versions, undefined, 2)}\n`
}

function isRejectedVersion(value: unknown): value is RejectedVersion {
  if (typeof value !== 'object' || value === null) return false
  const entry: Partial<Record<keyof RejectedVersion, unknown>> = value
  const texts = [entry.name, entry.version, entry.message, entry.at]
  return (
    typeof entry.typeUrl === 'string' &&
    isServed(entry.typeUrl) &&
    texts.every((text) => typeof text === 'string') &&
    isObjectVersions(entry.origins) &&
    isObjectVersions(entry.suspects) &&
    (entry.by === undefined || isFleet(entry.by))
  )
}

function isFleet(value: unknown): value is Fleet {
  if (typeof value !== 'object' || value === null) return false
  const { group, image }: Partial<Record<keyof Fleet, unknown>> = value
  return typeof group === 'string' && typeof image === 'string'
}

function isObjectVersions(value: unknown): value is readonly ObjectVersion[] {
  return Array.isArray(value) && value.every(isObjectVersion)
}

function isObjectVersion(value: unknown): value is ObjectVersion {
  if (typeof value !== 'object' || value === null) return false
  const { group, kind, namespace, name, generation }: Partial<Record<keyof ObjectVersion, unknown>> = value
  return [group, kind, namespace, name].every((text) => typeof text === 'string') && typeof generation === 'number'
}
