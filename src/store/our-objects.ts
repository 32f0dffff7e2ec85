/**
 * Keeps what belongs to other controllers away from the translation: classes that name another controller, Gateways of no class of ours,
 * and ListenerSets and routes without a parent of ours. In a shared cluster they change all the time, and say nothing to us. They are held
 * back, and handed on when what they wait for is ours.
 */
import type { Gateway, GatewayClass, HTTPRoute, ListenerSet } from '../gen/kinds.js'
import type { KubeObject } from '../provider/provider.js'
import { type ObjectKey, objectKey } from '../util/object-ref.js'
import type { ResourceSink } from './resource-store.js'

const GROUP = 'gateway.networking.k8s.io'

/** Kinds that other objects hang on. */
const PARENTS: ReadonlySet<string> = new Set(['GatewayClass', 'Gateway', 'ListenerSet'])
const ROUTES: ReadonlySet<string> = new Set(['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'])

/** The kind of what hangs on an object of a kind, and that others may hang on in turn. */
const CHILD_OF: Readonly<Record<string, string>> = { GatewayClass: 'Gateway', Gateway: 'ListenerSet' }

/** `<Kind>/<key>`. */
type Word = string

interface Held {
  readonly kind: string
  readonly key: ObjectKey
  readonly object: KubeObject
  readonly waitsFor: readonly Word[]
}

/** A sink in front of another one, which sees our objects only. What was handed on once stays until it changes itself. */
export class OurObjects implements ResourceSink {
  readonly #sink: ResourceSink
  readonly #controllerName: string
  readonly #parents = new Map<Word, KubeObject>()
  readonly #held = new Map<Word, Held>()
  /** For what is waited for, who waits. */
  readonly #waiting = new Map<Word, Set<Word>>()
  readonly #passed = new Set<Word>()

  constructor(sink: ResourceSink, controllerName: string) {
    this.#sink = sink
    this.#controllerName = controllerName
  }

  /** True if anything was handed on. */
  set(kind: string, key: ObjectKey, object: KubeObject | undefined): boolean {
    if (!PARENTS.has(kind) && !ROUTES.has(kind)) return this.#handOn(kind, key, object)
    const word = `${kind}/${key}`
    this.#forget(word)
    const before = this.#parents.get(word)
    const wasOurs = before !== undefined && this.#isOurs(kind, before)
    if (object === undefined) this.#parents.delete(word)
    else if (PARENTS.has(kind)) this.#parents.set(word, object)
    if (object !== undefined && this.#isOurs(kind, object)) {
      // One that was handed on and lost its parent since had nobody released who came to it meanwhile.
      const isNew = !this.#passed.has(word) || !wasOurs
      this.#passed.add(word)
      const isNews = this.#handOn(kind, key, object)
      return (isNew && this.#release(kind, word)) || isNews
    }
    if (object !== undefined) this.#hold(word, { kind, key, object, waitsFor: parentsOf(kind, object) })
    return this.#passed.delete(word) && this.#handOn(kind, key, undefined)
  }

  #handOn(kind: string, key: ObjectKey, object: KubeObject | undefined): boolean {
    return this.#sink.set(kind, key, object) !== false
  }

  #hold(word: Word, held: Held): void {
    this.#held.set(word, held)
    for (const parent of held.waitsFor) {
      const waiting = this.#waiting.get(parent)
      if (waiting === undefined) this.#waiting.set(parent, new Set([word]))
      else waiting.add(word)
    }
  }

  #forget(word: Word): void {
    for (const parent of this.#held.get(word)?.waitsFor ?? []) {
      const waiting = this.#waiting.get(parent)
      waiting?.delete(word)
      if (waiting?.size === 0) this.#waiting.delete(parent)
    }
    this.#held.delete(word)
  }

  /** Hands on what waits for an object that is ours now, and what waits for that. */
  #release(kind: string, parent: Word): boolean {
    const ready = [...(this.#waiting.get(parent) ?? [])].flatMap((word) => this.#held.get(word) ?? [])
    const own = ready.map(({ kind, key, object }) => this.set(kind, key, object))
    // What was handed on and lost its parent since is ours again without having waited itself, but others may wait for it.
    const child = CHILD_OF[kind]
    if (child === undefined) return own.includes(true)
    const again = [...this.#parents].filter(
      ([word, object]) => word.startsWith(`${child}/`) && this.#passed.has(word) && parentsOf(child, object).includes(parent),
    )
    return [...own, ...again.map(([word]) => this.#release(child, word))].includes(true)
  }

  #isOurs(kind: string, object: KubeObject): boolean {
    if (kind === 'GatewayClass') return (object as GatewayClass).spec.controllerName === this.#controllerName
    // Which Gateways are default ones is no matter of the route.
    if (ROUTES.has(kind) && (object as HTTPRoute).spec.useDefaultGateways === 'All') return true
    return parentsOf(kind, object).some((word) => {
      const parent = this.#parents.get(word)
      return parent !== undefined && this.#isOurs(word.slice(0, word.indexOf('/')), parent)
    })
  }
}

/** What an object hangs on. The provider has validated it, so that its kind says what stands in it. */
function parentsOf(kind: string, object: KubeObject): readonly Word[] {
  const { namespace } = object.metadata
  switch (kind) {
    case 'GatewayClass':
      return []
    case 'Gateway':
      return [`GatewayClass/${objectKey('', (object as Gateway).spec.gatewayClassName)}`]
    case 'ListenerSet':
      return parentWords([(object as ListenerSet).spec.parentRef], namespace, ['Gateway'])
    default:
      return parentWords((object as HTTPRoute).spec.parentRefs ?? [], namespace, ['Gateway', 'ListenerSet'])
  }
}

function parentWords(
  refs: readonly { readonly group: string; readonly kind: string; readonly namespace?: string; readonly name: string }[],
  namespace: string,
  kinds: readonly string[],
): readonly Word[] {
  const ours = refs.filter((ref) => ref.group === GROUP && kinds.includes(ref.kind))
  return [...new Set(ours.map((ref) => `${ref.kind}/${objectKey(ref.namespace ?? namespace, ref.name)}`))]
}
