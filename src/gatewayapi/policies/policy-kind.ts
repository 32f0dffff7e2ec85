/** What one kind of our own policies adds to what all of them share. */
import type { KindTypes } from '../../gen/kinds.js'
import type { View } from '../../incremental/index.js'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import type { Inputs } from '../inputs.js'
import type { BackendReference } from '../routes/backend-references.js'
import type { RuleSources } from '../routes/find-backend.js'

/** Our own policies, by their kinds. */
export type PolicyKindName = 'BackendTrafficPolicy' | 'ClientTrafficPolicy' | 'SecurityPolicy' | 'ExtensionPolicy'

/** What settings are looked up in. */
export interface PolicyWorld {
  readonly view: View
  readonly inputs: Inputs
  readonly references: RuleSources
}

/** The kind of a policy. */
export interface PolicyKind<K extends PolicyKindName, S extends object> {
  readonly name: K
  /** True if what such a policy is about answers 500 while the policy cannot be used; else it is served as if there were none. */
  readonly failsClosed: boolean
  /** What a status says before the fields that cannot be done for some of what the policy is about. */
  readonly whyUnsupported: string
  /** Paths of settings that are merged as a whole. */
  readonly atoms: ReadonlySet<string>
  /** The settings of a spec, without what all policies have. */
  settingsOf(spec: KindTypes[K]['spec']): S
  overridesOf(spec: KindTypes[K]['spec']): S | undefined
  /**
   * What the schema lets through and cannot be done: with it the policy as a whole does not count.
   *
   * @param targets the kinds of what the policy is about
   */
  problemOf(settings: S, targets: readonly string[]): Problem | undefined
  /** The backends that settings refer to: without one of them the policy as a whole does not count. */
  backendsOf?(settings: S): readonly BackendReference[]
  /** What is wrong with objects whose content settings use: with it the policy as a whole does not count, as with `problemOf`. */
  contentProblem?(world: PolicyWorld, settings: S, policy: ObjectVersion): Problem | undefined
  /** A reference that leads nowhere: the policy counts, and what it does without is a matter of its settings. */
  referenceProblem?(world: PolicyWorld, settings: S, policy: ObjectVersion): Problem | undefined
  /** What of a setting cannot be done where settings of several policies come together; of those of one policy `problemOf` judges as well. */
  togetherProblems?(settings: S): readonly (Problem & { readonly setting: string })[]
  /** What a setting means otherwise for connections of TCPRoutes and TLSRoutes than for requests. */
  connectionProblems?(settings: S): readonly (Problem & { readonly setting: string })[]
  /** True for kinds of targets that the policy may be about. */
  isTarget(kind: string): boolean
  /** Why settings mean nothing for a target of a kind: there the policy does not count. */
  targetProblem(settings: S, kind: string): Problem | undefined
}
