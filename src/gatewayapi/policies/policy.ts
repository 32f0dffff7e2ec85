/** Our own policies as the rest of the translation knows them, whatever they are about. */
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'

/** A policy with its targets resolved. */
export interface ResolvedPolicy<S extends object> {
  readonly object: ObjectVersion
  /** RFC 3339. */
  readonly creationTimestamp: string
  /** What it names, in the order of the object. */
  readonly targets: readonly PolicyTarget[]
  readonly selectors: readonly PolicySelector[]
  /** True if nothing but overrides comes from policies of what contains its targets. */
  readonly replaces: boolean
  readonly settings: S
  /** Settings that policies further inside cannot change. */
  readonly overrides: S | undefined
  /** Why the policy as a whole cannot be used: none of its settings count. */
  readonly problem: Problem | undefined
  /** A reference of its settings that leads nowhere; the policy counts all the same. */
  readonly unresolved?: Problem
}

/** Something that a policy names. */
export interface PolicyTarget {
  readonly group: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** A listener, a rule or a port. */
  readonly sectionName: string | undefined
  /** Why the policy may not be about it. */
  readonly problem: Problem | undefined
}

/** Objects of the policy's own namespace that it selects. */
export interface PolicySelector {
  readonly group: string
  readonly kind: string
  readonly matchLabels: Readonly<Record<string, string>>
}

/** Policies at one place of the way from a Gateway to a backend. */
export interface Layer<S extends object> {
  /** 0 is the widest. Policies of one level are about the same thing. */
  readonly level: number
  readonly policy: ResolvedPolicy<S>
}

/** What several policies say together. */
export interface Effective<S extends object> {
  readonly settings: S
  /** The part of `settings` that comes from overrides: it also counts before what a rule says itself. */
  readonly overrides: S
  /** For each field of `settings`, the policy that says it. */
  readonly origins: Readonly<Record<string, ObjectVersion>>
  /** The policies that say something that counts, the widest first, those of one level together. */
  readonly layers: readonly (readonly ObjectVersion[])[]
  /** Fields of policies that do not count. */
  readonly losses: readonly Loss[]
  /** Parts of policies that cannot be done because of what others say; undefined: none. */
  readonly problems?: readonly (Problem & { readonly policy: ObjectVersion })[]
}

/** A field of a policy that does not count. */
export interface Loss {
  readonly loser: ObjectVersion
  readonly field: string
  /** The policy that decides it, or the backend that it cannot be done for. */
  readonly winner: ObjectVersion
  /** `Conflicted`: an older policy about the same thing decides. `Overridden`: one about something else. `Unsupported`: it cannot be done. */
  readonly how: 'Overridden' | 'Conflicted' | 'Unsupported'
}
