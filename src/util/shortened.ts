/** The text in no more than so many UTF-16 units, with an ellipsis in place of what is left out, and U+FFFD in place of half of a letter. */
export function shortened(text: string, length: number): string {
  // Half of a letter would be another text to whoever reads it as UTF-8: the API server gives back something else than was written.
  return text.length > length ? `${text.slice(0, length - 1).toWellFormed()}…` : text
}
