/** What a translation needs from outside before it is published: objects that are read one by one, what is fetched, and answers of an extension server. */
import type { FetchRequest } from '../gatewayapi/fetches/fetch-request.js'
import type { KindName } from '../gen/kinds.js'
import type { ObjectKey } from '../util/object-ref.js'
import type { HookQuestion } from '../xds/translate/extension-hooks/hook.js'
import type { Translation } from './translation.js'

/** Who brings it. */
export interface Outside {
  /** Brings objects of kinds that are read one by one; absent where everything is read anyway. */
  readonly references?: ReferencedObjects
  /** Asks an extension server what it makes of resources; absent without one. */
  readonly hooks?: AskedHooks | undefined
  /** Fetches what policies need from elsewhere; absent where nothing is fetched. */
  readonly fetches?: Fetches
}

/** Objects of kinds that are not read as a whole, such as Secrets. */
export interface ReferencedObjects {
  readonly kinds: readonly KindName[]
  /**
   * Brings these objects, by kind, and forgets others; resolves when all that exist have been handed to the pipeline, or after a while.
   *
   * @param isFirst true before anything was published: what is missing then would be taken from proxies that have it
   */
  want(wanted: ReadonlyMap<string, ReadonlySet<ObjectKey>>, isFirst: boolean): Promise<void>
}

/** Who asks an extension server. */
export interface AskedHooks {
  /**
   * Questions that came, changed or went, by `hookKey`.
   *
   * @returns resolves when they are answered, or the server does not answer: in bounded time. Undefined: there is nothing to wait for
   */
  ask(questions: ReadonlyMap<string, HookQuestion | undefined>): Promise<void> | undefined
}

/** What is fetched over the network for policies. What comes is set in the input `fetched`. */
export interface Fetches {
  /** Requests that came, changed or went away, by their key. */
  want(changes: ReadonlyMap<string, FetchRequest | undefined>): void
  /** Resolves, after a while at the latest, when everything that is wanted has had an attempt; undefined when it has already. */
  firstAnswers(): Promise<void> | undefined
}

/** Asks for what the translation looks for and does not have. */
export class Needs {
  readonly #translation: Translation
  readonly #outside: Outside
  readonly #isFirst: () => boolean
  /** What fragments looked for when it was last brought: a sum of versions, which only grow. */
  #broughtVersion = 0

  /** @param isFirst true before anything was published: proxies may have what we do not have yet, and must not lose it meanwhile */
  constructor(translation: Translation, outside: Outside, isFirst: () => boolean) {
    this.#translation = translation
    this.#outside = outside
    this.#isFirst = isFirst
  }

  /** Brings the objects that fragments look for; undefined if that is what they looked for the last time. */
  objects(): Promise<void> | undefined {
    const { references } = this.#outside
    if (references === undefined) return undefined
    const inputs = references.kinds.map((kind) => ({ kind, input: this.#translation.inputs.kind(kind) }))
    const version = inputs.reduce((sum, { input }) => sum + input.readVersion, 0)
    if (version === this.#broughtVersion) return undefined
    this.#broughtVersion = version
    return references.want(
      new Map(inputs.map(({ kind, input }) => [kind, new Set(input.readKeys) as ReadonlySet<string> as ReadonlySet<ObjectKey>])),
      this.#isFirst(),
    )
  }

  /** Fetches, and asks an extension server; undefined if no answer is waited for. */
  answers(): Promise<void> | undefined {
    return this.#fetched() ?? this.#hooked()
  }

  /** A promise only before anything was published. */
  #fetched(): Promise<void> | undefined {
    const changes = this.#translation.gatewayApi.fetches.takeChanges()
    const { fetches } = this.#outside
    if (fetches === undefined) return undefined
    if (changes.size > 0) fetches.want(changes)
    return this.#isFirst() ? fetches.firstAnswers() : undefined
  }

  #hooked(): Promise<void> | undefined {
    const { hooks } = this.#outside
    if (hooks === undefined) return undefined
    const questions = new Map(this.#translation.xds.questions.flatMap((each) => [...each.takeChanges()]))
    return questions.size === 0 ? undefined : hooks.ask(questions)
  }
}
