/**
 * Which resources of a rejected response are to blame.
 *
 * Envoy has no field for it (envoy#5739): often its message names them, or quotes something that stands in one of them only. Otherwise the
 * parts of the response are tried one by one.
 */
import { TYPE_URL, type TypeUrl } from '../resource.js'
import { type Part, pointedAt } from './evidence.js'
import type { RejectionMessage } from './rejection-message.js'

/** What is known after reading the message. */
export type Blame =
  /** These are to blame; `others` were rejected with them and have to be sent again. */
  | { readonly kind: 'named'; readonly culprits: readonly string[]; readonly others: readonly string[] }
  /** One of these, in parts to be tried one after the other. */
  | { readonly kind: 'unknown'; readonly parts: readonly (readonly string[])[] }

/** A resource of the rejected response. */
export interface Suspect extends Part {
  readonly name: string
}

/** How Envoy begins the message when it applied the rest of the response (CdsApiHelper, LdsApiImpl). */
const PARTLY_APPLIED: ReadonlyMap<TypeUrl, string> = new Map([
  [TYPE_URL.cluster, 'Error adding/updating cluster(s) '],
  [TYPE_URL.listener, 'Error adding/updating listener(s) '],
])

/** Up to so many that the message points at are tried one by one. */
const FEW = 4

/**
 * @param suspects the resources of the rejected response, without its removals; not empty. Those that the client had before come first:
 *   when two exclude each other, the one that is there stays
 */
export function blame(typeUrl: TypeUrl, suspects: readonly Suspect[], { text, words }: RejectionMessage): Blame {
  const names = suspects.map(({ name }) => name)
  if (names.length === 1) return { kind: 'named', culprits: names, others: [] }
  const prefix = PARTLY_APPLIED.get(typeUrl)
  if (prefix !== undefined && text.includes(prefix)) {
    const culprits = names.filter((name) => [prefix, ', ', '\n'].some((before) => text.includes(`${before}${name}: `)))
    if (culprits.length > 0) return { kind: 'named', culprits, others: [] }
  }
  const mentioned = names.filter((name) => mentions(text, name))
  if (mentioned.length === 1) return { kind: 'named', culprits: mentioned, others: without(names, mentioned) }
  // Of several names in the message some may only explain what is wrong with the others; a quoted word is evidence and no proof.
  const likely = mentioned.length > 1 ? mentioned : pointedAt(words, suspects).map(({ name }) => name)
  if (likely.length > 0) {
    // All others first: they arrive at once.
    return { kind: 'unknown', parts: [without(names, likely), ...(likely.length > FEW ? [likely] : likely.map((name) => [name]))] }
  }
  const middle = Math.ceil(names.length / 2)
  return { kind: 'unknown', parts: [names.slice(0, middle), names.slice(middle)] }
}

function without(names: readonly string[], some: readonly string[]): readonly string[] {
  const excluded = new Set(some)
  return names.filter((name) => !excluded.has(name))
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
