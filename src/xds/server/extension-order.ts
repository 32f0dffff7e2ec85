/**
 * When the configuration of a filter goes out that routes refer to by names within it: a route that names what is not there is answered
 * with an error. So what adds names goes before the routes, and what only loses some goes behind them. What does both goes twice: before the
 * routes with the names of both versions, and behind them as it is.
 */
import { createHash } from 'node:crypto'
import { decode, encode } from '../message.js'
import type { EncodedResource } from '../resource.js'
import type { Held } from './held.js'

/** True if the new version lacks names that the client has, and has no new one. */
export function losesOnly(held: Held | undefined, next: EncodedResource): boolean {
  const { lost, added } = difference(held, next)
  return lost && !added
}

/** Configurations that stand between two versions; each is made once for all streams. */
export class Bridges {
  readonly #known = new WeakMap<EncodedResource, { readonly from: string; readonly bridge: EncodedResource }>()

  /**
   * What the client gets first if the new version lacks names that it has, and has others: both versions together, the new one where both
   * have a name. Undefined where that is not needed.
   */
  between(held: Held | undefined, next: EncodedResource): EncodedResource | undefined {
    const { lost, added } = difference(held, next)
    if (!lost || !added || held?.value === undefined) return undefined
    const known = this.#known.get(next)
    if (known?.from === held.version) return known.bridge
    const bridge = together(held, next)
    this.#known.set(next, { from: held.version, bridge })
    return bridge
  }
}

const EXTENSION = 'envoy.config.core.v3.TypedExtensionConfig'
const EMPTY = Buffer.alloc(0)

/** Encoded messages can be merged by appending: a later entry of a map replaces an earlier one. */
function together(held: EncodedResource, next: EncodedResource): EncodedResource {
  const [before, after] = [decode(EXTENSION, held.value).typedConfig, decode(EXTENSION, next.value).typedConfig]
  const typedConfig = { ...after, value: Buffer.concat([before?.value ?? EMPTY, after?.value ?? EMPTY]) }
  const value = encode(EXTENSION, { name: next.name, typedConfig })
  return {
    ...next,
    value,
    version: createHash('sha256').update(value).digest('base64url').slice(0, next.version.length),
    references: [...held.references, ...next.references],
    provides: [...new Set([...(held.provides ?? []), ...(next.provides ?? [])])],
  }
}

function difference(held: Held | undefined, next: EncodedResource): { readonly lost: boolean; readonly added: boolean } {
  // Of what an earlier stream brought only the version is known.
  if (held?.value === undefined) return { lost: false, added: true }
  const before = new Set(held.provides)
  const after = new Set(next.provides)
  return { lost: [...before].some((name) => !after.has(name)), added: [...after].some((name) => !before.has(name)) }
}
