/** Keeps what was fetched in a folder, so that a restart needs no server. */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FetchedContent } from '../gatewayapi/fetches/fetch-request.js'
import type { Outcome } from './outcome.js'

/** What outlives a restart, by the key of the request. Nothing of it rejects: without it everything is fetched again. */
export interface FetchCache {
  read(key: string): Promise<Outcome | undefined>
  write(key: string, outcome: Outcome): Promise<void>
  remove(key: string): Promise<void>
}

const SUFFIX = '.json'
/** Changes when what is written changes: older files are no longer read. */
const FORMAT = 1
/** A year: a Headgate may run for long before it is started again. */
const KEPT_MS = 365 * 24 * 3_600_000

/**
 * A cache in a folder that only we read and write. A file for each request, with a checksum: one that was cut off or edited counts as none.
 *
 * @param onError told what could not be written
 */
export async function fileFetchCache(folder: string, onError: (error: unknown) => void): Promise<FetchCache> {
  const attempt = <T>(work: Promise<T>): Promise<T | undefined> =>
    work.catch((error: unknown) => {
      onError(error)
      return undefined
    })
  await attempt(mkdir(folder, { recursive: true, mode: 0o700 }))
  await attempt(tidy(folder))
  const pathOf = (key: string): string => join(folder, `${digest(key)}${SUFFIX}`)
  return {
    read: async (key) => {
      const known = parse(key, await readFile(pathOf(key), 'utf8').catch(() => ''))
      const now = new Date()
      if (known !== undefined) await attempt(utimes(pathOf(key), now, now))
      return known
    },
    write: async (key, outcome) => {
      const draft = join(folder, `.${randomUUID()}`)
      await attempt(writeFile(draft, print(key, outcome), { mode: 0o600 }).then(() => rename(draft, pathOf(key))))
    },
    remove: async (key) => {
      await attempt(rm(pathOf(key), { force: true }))
    },
  }
}

/** Removes what was written half, and what nobody has asked for in a long time: policies go away while we are not running, too. */
async function tidy(folder: string): Promise<void> {
  const oldest = Date.now() - KEPT_MS
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (name.startsWith('.') || (await stat(path)).mtimeMs < oldest) await rm(path, { force: true })
  }
}

function print(key: string, { content, revision }: Outcome): string {
  const text = JSON.stringify({ content, revision })
  return JSON.stringify({ format: FORMAT, key, digest: digest(text), text })
}

function parse(key: string, file: string): Outcome | undefined {
  try {
    const { format, key: written, digest: checksum, text } = JSON.parse(file) as Readonly<Record<string, unknown>>
    if (format !== FORMAT || written !== key || typeof text !== 'string' || checksum !== digest(text)) return undefined
    const { content, revision } = JSON.parse(text) as { readonly content: FetchedContent; readonly revision?: string }
    return { content, revision }
  } catch {
    return undefined
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
