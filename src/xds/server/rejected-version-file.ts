/** The list of rejected versions in a file, for standalone mode. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { RejectedVersion, RejectedVersionStore } from '../rejected-versions.js'
import { isServed } from './push-order.js'

/** The file holds something else than a list of rejected versions. */
export class RejectedVersionFileError extends Error {
  override readonly name = 'RejectedVersionFileError'
}

/** A store in this file. It is written beside and renamed, so that a crash leaves the old or the new list. */
export function rejectedVersionFile(path: string): RejectedVersionStore {
  return {
    async load() {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '[]'
        throw error
      })
      return parse(path, text)
    },
    async save(versions) {
      await writeFile(`${path}.new`, `${JSON.stringify(versions, undefined, 2)}\n`, { mode: 0o600 })
      await rename(`${path}.new`, path)
    },
  }
}

function parse(path: string, text: string): readonly RejectedVersion[] {
  const wrong = (what: string) => new RejectedVersionFileError(`${path} ${what}: remove it to forget which versions were rejected`)
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw wrong('is not JSON')
  }
  if (!Array.isArray(content)) throw wrong('is not a list')
  return content.map((entry: unknown, index) => {
    if (!isRejectedVersion(entry)) throw wrong(`has an entry (number ${index + 1}) that is not a rejected version`)
    return entry
  })
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
    isObjectVersions(entry.suspects)
  )
}

function isObjectVersions(value: unknown): value is readonly ObjectVersion[] {
  return Array.isArray(value) && value.every(isObjectVersion)
}

function isObjectVersion(value: unknown): value is ObjectVersion {
  if (typeof value !== 'object' || value === null) return false
  const { group, kind, namespace, name, generation }: Partial<Record<keyof ObjectVersion, unknown>> = value
  return [group, kind, namespace, name].every((text) => typeof text === 'string') && typeof generation === 'number'
}
