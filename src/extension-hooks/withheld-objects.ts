/** Which objects are closed because something that was made of them has no answer that can be used. */
import type { HookedKind, HookQuestion } from '../xds/translate/extension-hooks/hook.js'

/** The kinds of objects that say so, by the kind of resource: those that are about nothing else. */
const TELLING: Readonly<Record<HookedKind, RegExp>> = {
  VirtualHost: /Route$/,
  Cluster: /^$/,
  Listener: /^(Gateway|ListenerSet)$/,
}

/** Keeps the reasons of each object: one object may be part of several resources. Objects are named by `<Kind>/<namespace>/<name>`. */
export class WithheldObjects {
  /** By object, then by reason: what is said. */
  readonly #messages = new Map<string, Map<string, string>>()
  readonly #objects = new Map<string, ReadonlySet<string>>()

  /**
   * A resource has no answer, for this reason; undefined: that reason is gone.
   *
   * @param reason what tells this reason from others, such as the key of the question
   * @returns objects with what is to be said of them now; undefined: nothing
   */
  note(reason: string, { kind, origins }: HookQuestion, message: string | undefined): ReadonlyMap<string, string | undefined> {
    const before = this.#objects.get(reason) ?? new Set<string>()
    const telling = message === undefined ? [] : origins.filter((origin) => TELLING[kind].test(origin.kind))
    const after = new Set(telling.map((each) => `${each.kind}/${each.namespace}/${each.name}`))
    if (after.size === 0) this.#objects.delete(reason)
    else this.#objects.set(reason, after)
    return new Map(
      [...before.union(after)].map((object) => [object, this.#noteOne(object, reason, after.has(object) ? message : undefined)]),
    )
  }

  #noteOne(object: string, reason: string, message: string | undefined): string | undefined {
    const messages = this.#messages.get(object) ?? new Map<string, string>()
    if (message === undefined) messages.delete(reason)
    else messages.set(reason, message)
    if (messages.size === 0) this.#messages.delete(object)
    else this.#messages.set(object, messages)
    return messages.values().next().value
  }
}
