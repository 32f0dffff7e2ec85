/**
 * Messages that Envoy prints whole where a constraint of one is violated (protoc-gen-validate): in front of what is wrong stands all that it
 * says, which may be megabytes and hold every name there is, API keys and hashes of passwords too.
 */

/** The text form of protobuf messages, as Envoy prints it, begins with a mark that says not to parse it. */
const PRINTED = /goo\.gle\/debug\w+\s[\s\S]*?(?=Proto constraint validation failed|$)/g

/** Envoy cuts messages after 4,096 bytes: behind a large resource nothing is left of the reason. */
const CUT_OFF = 'a constraint of its fields is violated; Envoy printed the whole resource and had no room left for which one'

/** The printed messages in a text of Envoy. */
export function printedMessages(text: string): readonly string[] {
  return [...text.matchAll(PRINTED)].map(([printed]) => printed)
}

/** A text of Envoy without them. */
export function withoutPrintedMessages(text: string): string {
  return text.replace(PRINTED, (printed, at: number) => (at + printed.length < text.length ? '' : CUT_OFF)).trim()
}
