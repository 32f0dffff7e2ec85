/** Which objects are closed because something that was made of them has no answer that can be used. */
import type { HookedKind, HookQuestion } from '../xds/translate/extension-hooks/hook.js'

/** The kinds of objects that say so, by the kind of resource: those that are about nothing else. */
const TELLING: Readonly<Record<HookedKind, RegExp>> = {
  VirtualHost: /Route$/,
  Cluster: /^$/,
  Listener: /^(Gateway|ListenerSet)$/,
}

/** Counts reasons by object: one object may be part of several resources. */
export class WithheldObjects {
  readonly #reasons = new Map<string, Map<string, string>>()

  /**
   * A resource has no answer, for this reason; undefined: that reason is gone.
   *
   * @param reason what tells this reason from others, such as the key of the question
   * @returns objects, as `<Kind>/<namespace>/<name>`, with what is to be said of them now; undefined: nothing
   */
  note(reason: string, { kind, origins }: HookQuestion, message: string | undefined): ReadonlyMap<string, string | undefined> {
    const objects = origins.filter((origin) => TELLING[kind].test(origin.kind)).map((each) => `${each.kind}/${each.namespace}/${each.name}`)
    return new Map([...new Set(objects)].map((object) => [object, this.#noteOne(object, reason, message)]))
  }

  #noteOne(object: string, reason: string, message: string | undefined): string | undefined {
    const reasons = this.#reasons.get(object) ?? new Map<string, string>()
    if (message === undefined) reasons.delete(reason)
    else reasons.set(reason, message)
    if (reasons.size === 0) this.#reasons.delete(object)
    else this.#reasons.set(object, reasons)
    return reasons.values().next().value
  }
}
