/** Resources as an extension server wants them, as a part of the graph: the server's answers are an input, its questions an output. */
import type { Collection, Graph, Source } from '../../../incremental/index.js'
import type { ObjectVersion } from '../../../util/object-ref.js'
import {
  type HookAnswer,
  type HookedKind,
  type HookFailurePolicy,
  type HookOptions,
  type HookQuestion,
  hookKey,
  hookOrigin,
  hookQuarantine,
} from './hook.js'

/** What the translation reads. */
export interface HookInputs {
  readonly options: HookOptions
  /** By `hookKey`. */
  readonly answers: Source<HookAnswer>
  /** Answers that Envoy refused, by `hookQuarantine`. */
  readonly quarantines: Source<{ readonly generation: number }>
}

/** How resources of a kind are asked about and replaced. */
export interface Hookable<V> {
  readonly kind: HookedKind
  nameOf(value: V): string
  bytesOf(value: V): Buffer
  /** The value with other bytes, made from these objects. */
  replace(value: V, bytes: Buffer, origins: readonly ObjectVersion[]): V
  /** What nobody gets in through; undefined: nothing is there. */
  closed(value: V): V | undefined
}

/** What both encoded resources and virtual hosts have. */
interface Encoded {
  readonly version: string
  readonly origins: readonly ObjectVersion[]
}

/** What an extension server changes, and what it has to be asked. */
export interface Hooked<V> {
  readonly resources: Collection<V>
  /** By `hookKey`. */
  readonly questions: Collection<HookQuestion>
}

/** Declares what comes of the resources of a kind, under their own keys. */
export function declareHooked<V extends Encoded>(
  graph: Graph,
  name: string,
  plain: Source<V>,
  { options, answers, quarantines }: HookInputs,
  hookable: Hookable<V>,
  equal?: (a: V, b: V) => boolean,
): Hooked<V> {
  const { kind } = hookable
  const resources = graph.collection<V>(name, {
    keys: plain,
    compute: (view, key) => {
      const value = view.get(plain, key)
      if (value === undefined) return undefined
      const named = hookable.nameOf(value)
      const answer = view.get(answers, hookKey(kind, named))
      if (answer?.version !== value.version) return withoutAnswer(hookable, value, options.failurePolicy)
      if (answer.value === undefined) return value
      const origin = hookOrigin(kind, named, answer.value)
      const isRefused = view.get(quarantines, hookQuarantine(kind, named))?.generation === origin.generation
      return isRefused
        ? withoutAnswer(hookable, value, options.failurePolicy)
        : hookable.replace(value, answer.value, [...value.origins, origin])
    },
    ...(equal === undefined ? {} : { equal }),
  })
  const byName = graph.index(plain, `${name}: names`, (value) => [hookKey(kind, hookable.nameOf(value))])
  const questions = graph.collection<HookQuestion>(`${name}: questions`, {
    keys: byName,
    compute: (view, key) => {
      const [value] = view.list(byName, key)
      if (value === undefined) return undefined
      const { version, origins } = value
      const isAnswered = view.get(answers, key)?.version === version
      return { kind, name: hookable.nameOf(value), version, value: hookable.bytesOf(value), origins, isAnswered }
    },
    equal: (a, b) => a.version === b.version && a.isAnswered === b.isAnswered,
  })
  return { resources, questions }
}

function withoutAnswer<V>(hookable: Hookable<V>, value: V, policy: HookFailurePolicy): V | undefined {
  return policy === 'Ignore' ? value : hookable.closed(value)
}
