/** Texts that others wrote, such as the name that a proxy gives itself, on the terminal of whoever looks. */

/** Colours, or one of the characters that make a terminal do things: C0, DEL and C1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /\u001b\[[0-9;]*m|[\u0000-\u001f\u007f-\u009f]/g

/** The text on one line, and without anything that moves the cursor, hides text or asks the terminal to do something. Colours stay. */
export function printable(text: string): string {
  return text.replace(CONTROLS, (found) => (found.length > 1 ? found : found === '\n' || found === '\t' ? ' ' : ''))
}
