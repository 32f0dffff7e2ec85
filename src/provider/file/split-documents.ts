/** Splits a YAML stream into its documents without parsing it: a document that is broken does not spoil its neighbours. */

/** A document as it stands in the file. */
export interface DocumentText {
  readonly text: string
  /** The line of the file on which the text starts, from 1. */
  readonly line: number
}

/** A line that is neither empty nor a comment nor a directive. */
const HAS_CONTENT = /^[^\S\n]*[^\s#%]/m

/**
 * The documents of a stream that hold something.
 *
 * YAML forbids the markers `---` and `...` at the start of a line inside of any scalar, so splitting there is exact.
 */
export function splitDocuments(stream: string): readonly DocumentText[] {
  const documents: DocumentText[] = []
  let start = 0
  let line = 1
  let startLine = 1
  let indent = ''
  const cut = (end: number) => {
    const text = indent + stream.slice(start, end)
    if (HAS_CONTENT.test(text)) documents.push({ text, line: startLine })
  }
  for (let at = 0; at < stream.length; line++) {
    const newline = stream.indexOf('\n', at)
    const next = newline < 0 ? stream.length : newline + 1
    const marker = markerAt(stream, at)
    if (marker !== undefined) {
      cut(at)
      start = at + marker.length
      // The rest of the marker's line belongs to the document that it starts: blanks in its place keep the columns right.
      indent = ' '.repeat(marker.length)
      startLine = line
    }
    at = next
  }
  cut(stream.length)
  return documents
}

function markerAt(stream: string, at: number): '---' | '...' | undefined {
  const head = stream.slice(at, at + 3)
  if (head !== '---' && head !== '...') return undefined
  const after = stream[at + 3]
  return after === undefined || /\s/.test(after) ? head : undefined
}
