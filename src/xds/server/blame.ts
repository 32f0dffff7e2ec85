/**
 * Which resources of a rejected response are to blame.
 *
 * Envoy has no field for it (envoy#5739): often its message names them, and otherwise the parts of the response are tried one by one.
 */
import { TYPE_URL, type TypeUrl } from '../resource.js'

/** What is known after reading the message. */
export type Blame =
  /** These are to blame; `others` were rejected with them and have to be sent again. */
  | { readonly kind: 'named'; readonly culprits: readonly string[]; readonly others: readonly string[] }
  /** One of these, in parts to be tried one after the other. */
  | { readonly kind: 'unknown'; readonly parts: readonly (readonly string[])[] }

/** How Envoy begins the message when it applied the rest of the response (CdsApiHelper, LdsApiImpl). */
const PARTLY_APPLIED: ReadonlyMap<TypeUrl, string> = new Map([
  [TYPE_URL.cluster, 'Error adding/updating cluster(s) '],
  [TYPE_URL.listener, 'Error adding/updating listener(s) '],
])

/**
 * @param names the resources of the rejected response, without its removals; not empty. Those that the client had before come first:
 *   when two exclude each other, the one that is there stays
 */
export function blame(typeUrl: TypeUrl, names: readonly string[], message: string): Blame {
  if (names.length === 1) return { kind: 'named', culprits: names, others: [] }
  const prefix = PARTLY_APPLIED.get(typeUrl)
  if (prefix !== undefined && message.includes(prefix)) {
    const culprits = names.filter((name) => [prefix, ', ', '\n'].some((before) => message.includes(`${before}${name}: `)))
    if (culprits.length > 0) return { kind: 'named', culprits, others: [] }
  }
  const mentioned = names.filter((name) => mentions(message, name))
  const others = names.filter((name) => !mentioned.includes(name))
  if (mentioned.length === 1) return { kind: 'named', culprits: mentioned, others }
  // Several names are in the message, of which some may only explain what is wrong with the others.
  if (mentioned.length > 1) return { kind: 'unknown', parts: [others, ...mentioned.map((name) => [name])] }
  const middle = Math.ceil(names.length / 2)
  return { kind: 'unknown', parts: [names.slice(0, middle), names.slice(middle)] }
}

/** True if the message holds the name as a word of its own: `a` is not mentioned by `a/b`. */
function mentions(message: string, name: string): boolean {
  for (let at = message.indexOf(name); at >= 0; at = message.indexOf(name, at + 1)) {
    const before = message.slice(at - 1, at)
    const after = message.slice(at + name.length, at + name.length + 2)
    if (BEFORE.test(before) && AFTER.test(after)) return true
  }
  return false
}

const BEFORE = /^$|[\s'"`([,;=]/
const AFTER = /^$|^[\s'"`)\],;]|^[.:](\s|$)/
