/** Reads a file out of an archive. Source: POSIX.1-1990, ustar: blocks of 512 bytes, a header before each file. */

const BLOCK = 512
const NAME = { start: 0, end: 100 } as const
const SIZE = { start: 124, end: 136 } as const
const TYPE = 156
/** A plain file: `0`, or nothing in old archives. */
const PLAIN: readonly number[] = [0x30, 0]

/** The content of a plain file at the top of an archive; undefined where there is none, or the archive breaks off before its end. */
export function untar(archive: Buffer, name: string): Buffer | undefined {
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK)
    const size = Number.parseInt(textOf(header, SIZE).trim(), 8)
    if (!(size >= 0)) return undefined
    const start = at + BLOCK
    const isPlain = PLAIN.includes(header[TYPE] ?? -1)
    if (isPlain && textOf(header, NAME).replace(/^(\.?\/)+/, '') === name) {
      return start + size <= archive.length ? archive.subarray(start, start + size) : undefined
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK
  }
  return undefined
}

function textOf(header: Buffer, { start, end }: { readonly start: number; readonly end: number }): string {
  return header.toString('latin1', start, end).replace(/\0.*$/s, '')
}
