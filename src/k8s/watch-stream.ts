/** The lines of a streamed answer: a watch sends one JSON object per line, cut anywhere by the network. */

/** A watched object larger than this is not an object; etcd's own limit is 1.5 MiB per object. */
const MAX_LINE_BYTES: number = 16 * 1024 * 1024

const NEWLINE = 0x0a

/** A line of the stream was longer than anything the API server can send. */
class LineTooLongError extends Error {
  readonly code = 'KUBE_LINE_TOO_LONG'

  constructor(limit: number) {
    super(`a line of the watch is longer than ${limit} bytes: is this an API server?`)
    this.name = 'LineTooLongError'
  }
}

/**
 * Groups a stream of chunks into complete lines: one array for each chunk that ended at least one, so that what arrived together is
 * handled together. Empty lines are left out; a last line without newline is given when the stream ends.
 *
 * @throws LineTooLongError when a line exceeds the limit
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>, maxLineBytes: number = MAX_LINE_BYTES): AsyncGenerator<readonly Buffer[]> {
  // Pieces of the unfinished line are joined only once: repeated joining of a large object would be quadratic.
  let pieces: Buffer[] = []
  let pending = 0
  for await (const chunk of chunks) {
    const lines: Buffer[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      pieces.push(chunk.subarray(start, end))
      const line = pieces.length === 1 ? chunk.subarray(start, end) : Buffer.concat(pieces)
      if (line.length > 0) lines.push(line)
      pieces = []
      pending = 0
      start = end + 1
    }
    if (start < chunk.length) {
      pieces.push(chunk.subarray(start))
      pending += chunk.length - start
      if (pending > maxLineBytes) throw new LineTooLongError(maxLineBytes)
    }
    if (lines.length > 0) yield lines
  }
  if (pending > 0) yield [Buffer.concat(pieces)]
}
