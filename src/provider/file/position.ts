/** A place in a text; both count from 1, columns count UTF-16 units as editors do. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A place in a file. */
export interface FilePlace {
  readonly file: string
  readonly position: Position
}

/** The place of a text's start. */
export const START: Position = { line: 1, column: 1 }

/** A place in a part of a text, as a place in the whole: `firstLine` is the line of the whole on which the part starts. */
export function moveDown(position: Position, firstLine: number): Position {
  return { line: position.line + firstLine - 1, column: position.column }
}
