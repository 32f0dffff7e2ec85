/** What an extension server may change, what it is asked, and what it answered: facts that the translation reads. */
import { createHash } from 'node:crypto'
import type { ObjectVersion } from '../../../util/object-ref.js'
import { HOOK_ORIGIN_KIND } from '../../hook-origin.js'

/** The kinds of resources that an extension server can be asked about. */
export const HOOKED_KINDS = ['VirtualHost', 'Cluster', 'Listener'] as const

/** A kind of resource that an extension server can be asked about. */
export type HookedKind = (typeof HOOKED_KINDS)[number]

/**
 * What is sent of a resource about which the server has not answered, or whose answer Envoy refused.
 *
 * `Ignore`: the resource as we made it. `Fail`: nothing that the server has not seen; a virtual host answers 500, another resource is not
 * there.
 */
export type HookFailurePolicy = 'Ignore' | 'Fail'

/** Which resources are asked about, and what happens without an answer: fixed for the life of the process. */
export interface HookOptions {
  readonly kinds: readonly HookedKind[]
  readonly failurePolicy: HookFailurePolicy
}

/** A resource that the server is asked about. */
export interface HookQuestion {
  readonly kind: HookedKind
  /** As the server is told it: that of the resource, or of a virtual host `<route table> <domain>`. */
  readonly name: string
  /** Content hash of `value`. */
  readonly version: string
  /** The encoded message. */
  readonly value: Buffer
  readonly origins: readonly ObjectVersion[]
  /** True if the server has answered about this version. */
  readonly isAnswered: boolean
}

/** What the server answered about one version of a resource; it was checked. */
export interface HookAnswer {
  /** The version that it was asked about. */
  readonly version: string
  /** The message to send instead, encoded; undefined: it changes nothing. */
  readonly value: Buffer | undefined
}

/** True if two answers come to the same. */
export function sameAnswer(a: HookAnswer, b: HookAnswer): boolean {
  return a.version === b.version && (a.value === undefined || b.value === undefined ? a.value === b.value : a.value.equals(b.value))
}

/** The key of questions and answers. */
export function hookKey(kind: HookedKind, name: string): string {
  return `${kind} ${name}`
}

/** An answer that changes something, as an origin: a rejection is traced to it like to an object. Other contents are another generation. */
export function hookOrigin(kind: HookedKind, name: string, value: Buffer): ObjectVersion {
  const generation = createHash('sha256').update(value).digest().readUIntBE(0, 6)
  return { group: 'headgate.dev', kind: HOOK_ORIGIN_KIND, namespace: '', name: hookKey(kind, name), generation }
}

/** The key of an answer among what is held back because Envoy refused it. */
export function hookQuarantine(kind: HookedKind, name: string): string {
  return `${HOOK_ORIGIN_KIND}//${hookKey(kind, name)}`
}

/** What is needed to ask about a kind; undefined: nobody asks about it. */
export function hooksOf<H extends { readonly options: HookOptions }>(hooks: H | undefined, kind: HookedKind): H | undefined {
  return hooks?.options.kinds.includes(kind) === true ? hooks : undefined
}
