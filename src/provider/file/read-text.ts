/** Reads the text of a file that someone may be writing. */
import { readFile, stat } from 'node:fs/promises'

/** Enough for tens of thousands of objects. */
const MAX_FILE_BYTES = 64 * 1_048_576

/** The text, that there is no such file, or why it cannot be read. */
export type TextResult =
  | { readonly outcome: 'text'; readonly text: string }
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'unreadable'; readonly reason: string; readonly advice: string }

/** Reads a file as UTF-8; what is no regular file counts as missing. */
export async function readText(path: string): Promise<TextResult> {
  try {
    const stats = await stat(path)
    if (!stats.isFile()) return { outcome: 'missing' }
    if (stats.size > MAX_FILE_BYTES) {
      return { outcome: 'unreadable', reason: `the file has ${stats.size} bytes, more than ${MAX_FILE_BYTES}`, advice: 'split it' }
    }
    return decode(await readFile(path))
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error)
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return { outcome: 'missing' }
    return { outcome: 'unreadable', reason: `the file cannot be read: ${code}`, advice: 'let the control plane read it' }
  }
}

function decode(bytes: Buffer): TextResult {
  try {
    // A byte order mark at the start is left out.
    return { outcome: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { outcome: 'unreadable', reason: 'the file is no UTF-8 text', advice: 'save it as UTF-8' }
  }
}
