/** A set of reflectors that follows what is wanted: new ones start, those no longer wanted stop and take their objects with them. */
import { linkedController } from '../../k8s/abort.js'
import type { Clock } from '../../k8s/clock.js'
import type { KubeClient } from '../../k8s/kube-client.js'
import type { RawObject } from '../../k8s/kube-json.js'
import type { Log } from '../../k8s/log.js'
import { Reflector } from '../../k8s/reflector.js'
import type { ReflectorFailure, ReflectorState } from '../../k8s/reflector-state.js'
import type { KindDefinition } from '../../schema/kind.js'
import type { ObjectKey } from '../../util/object-ref.js'
import { type WatchSpec, watchedObjects } from './desired-watches.js'

/** What the reflectors work with. */
export interface WatchSetOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  readonly onChanges: (kind: KindDefinition, changed: readonly RawObject[], removed: readonly ObjectKey[]) => void
  /** Told the objects that are not followed any more; they may still be there. */
  readonly onUnwatched: (kind: KindDefinition, keys: readonly ObjectKey[]) => void
}

/** What goes wrong about a server, and not about what is asked for. */
const DELAYS: ReadonlySet<ReflectorFailure['reason']> = new Set(['throttled', 'unavailable', 'disconnected', 'unauthorized', 'expired'])

interface Running {
  readonly spec: WatchSpec
  readonly reflector: Reflector
  readonly stop: () => void
  readonly ended: Promise<void>
}

/** The reflectors of a provider. */
export class WatchSet {
  readonly #options: WatchSetOptions
  readonly #signal: AbortSignal
  readonly #running = new Map<string, Running>()

  /** @param signal ends all of them */
  constructor(options: WatchSetOptions, signal: AbortSignal) {
    this.#options = options
    this.#signal = signal
  }

  /**
   * Makes the running watches those of `specs`. Resolves when the server has answered those that are new. Where only the version of a kind
   * changes, its objects stay meanwhile: they are the same in another form.
   */
  async follow(specs: ReadonlyMap<string, WatchSpec>): Promise<void> {
    const stopped = new Map<string, Reflector>()
    const versionless = new Set([...specs.values()].map(watchedObjects))
    for (const [name, running] of this.#running) {
      if (specs.has(name)) continue
      this.#running.delete(name)
      running.stop()
      const objects = watchedObjects(running.spec)
      if (versionless.has(objects)) {
        stopped.set(objects, running.reflector)
        continue
      }
      void running.ended.then(() => {
        // The process ends: what is known stays, nothing was deleted in the cluster. A watch that came back has its objects again.
        if (!this.#signal.aborted && !this.#running.has(name)) this.#options.onUnwatched(running.spec.kind, running.reflector.keys)
      })
    }
    const added = [...specs]
      .filter(([name]) => !this.#running.has(name))
      .map(([name, spec]) => [name, this.#start(spec, stopped.get(watchedObjects(spec))?.keys ?? [])] as const)
    for (const [name, running] of added) this.#running.set(name, running)
    await Promise.all(added.map(([, { reflector }]) => reflector.answered))
  }

  /** Resolves when every watch of now has handed over what exists. */
  async listed(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ reflector }) => reflector.listed))
  }

  /** What each watch is doing that has not handed over what exists, by its name. */
  unlisted(): ReadonlyMap<string, ReflectorState> {
    const waiting = [...this.#running].filter(([, { reflector }]) => !reflector.hasListed)
    return new Map(waiting.map(([name, { reflector }]) => [name, reflector.state]))
  }

  /** True if what exists has not been handed over for a reason that has nothing to do with it: a server that is slow, busy or away. */
  isDelayed(): boolean {
    return [...this.unlisted().values()].some(
      (state) => state.kind === 'listing' || (state.kind === 'waiting' && DELAYS.has(state.failure.reason)),
    )
  }

  /** What each watch is doing, by its name. */
  states(): ReadonlyMap<string, ReflectorState> {
    return new Map([...this.#running].map(([name, { reflector }]) => [name, reflector.state]))
  }

  /** Resolves when all have stopped, after the signal has aborted. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended))
  }

  #start(spec: WatchSpec, adopted: readonly ObjectKey[]): Running {
    const { client, clock, log, onChanges } = this.#options
    const { kind, version, namespace, labelSelector, fieldSelector } = spec
    const reflector = new Reflector({
      client,
      clock,
      log,
      resource: { group: kind.group, version, plural: kind.plural },
      namespace,
      adopted,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      onChanges: (changed, removed) => onChanges(kind, changed, removed),
    })
    const link = linkedController(this.#signal)
    const ended = reflector.start(link.controller.signal).finally(() => link[Symbol.dispose]())
    return { spec, reflector, stop: () => link.controller.abort(), ended }
  }
}
