/** Reads the objects of a cluster. */

import { untilAborted } from '../../k8s/abort.js'
import { API_BACKOFF, backoffMs } from '../../k8s/backoff.js'
import type { Clock } from '../../k8s/clock.js'
import type { KubeClient } from '../../k8s/kube-client.js'
import type { RawObject } from '../../k8s/kube-json.js'
import type { Log } from '../../k8s/log.js'
import { Reflector } from '../../k8s/reflector.js'
import { type ReflectorState, refusalIn } from '../../k8s/reflector-state.js'
import { type StoredStatus, storedStatusOf } from '../../k8s/stored-status.js'
import { type KindDefinition, preferredApiVersion } from '../../schema/kind.js'
import { type ObjectKey, objectKey } from '../../util/object-ref.js'
import type { Change, Provider, ProviderSink } from '../provider.js'
import type { CustomResource } from './custom-resources.js'
import { desiredWatches, type WantedObjects } from './desired-watches.js'
import { discoverVersions } from './discovery.js'
import { ServedKinds } from './served-kinds.js'
import { contentMark, hasReportedStatus, toKubeObject } from './to-kube-object.js'
import type { WatchScope } from './watch-scope.js'
import { WatchSet } from './watch-set.js'

/** What a provider reads and whom it tells. */
export interface KubernetesProviderOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  readonly kinds: readonly KindDefinition[]
  readonly scope: WatchScope
  /** Kinds of which only the objects are read that `want` names, such as Secret and ConfigMap. */
  readonly byReference: ReadonlySet<string>
  /**
   * Told when the status of an object changed; undefined when the object is gone, and nothing when it is only not read any more. Objects themselves
   * come without it.
   */
  readonly onStatus?: (kind: string, key: ObjectKey, stored: StoredStatus | undefined) => void
  /** Told all CRDs of the groups that are read, when they changed. */
  readonly onCustomResources?: (resources: readonly CustomResource[]) => void
}

const CRDS = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' }

/** Discovery is repeated after changes of CRDs, and so often without: CRDs may be invisible to us, and built-in kinds have none. */
const DISCOVERY_MS = 60_000

/** A new CRD is served some time after it appears, and a deleted one some time longer: so often is asked whether that has come. */
const CRD_SETTLE_MS = 1_000
const CRD_SETTLE_ROUNDS = 20

/** At start so often at most: CRDs that exist are served in a moment, and a kind that is left out looks as if it had no objects. */
const START_SETTLE_ROUNDS = 10

/** A wanted object that the server does not answer for is taken for missing after this long. */
const WANT_TIMEOUT_MS = 5_000

/** Follows the kinds that the cluster serves. */
export class KubernetesProvider implements Provider {
  readonly #options: KubernetesProviderOptions
  readonly #marks = new Map<string, Map<ObjectKey, string>>()
  readonly #namespaces = new Set<string>()
  readonly #served: ServedKinds
  /** By Kind: one text for all objects. */
  readonly #apiVersions: ReadonlyMap<string, string>
  #wanted: WantedObjects = new Map()
  #watches: WatchSet | undefined
  #signal: AbortSignal = AbortSignal.abort()
  #settleRounds = 0
  #rediscover: () => void = () => undefined

  constructor(options: KubernetesProviderOptions) {
    this.#options = options
    this.#served = new ServedKinds(options.kinds)
    this.#apiVersions = new Map(options.kinds.map((kind) => [kind.kind, preferredApiVersion(kind)]))
  }

  async start(sink: ProviderSink, signal: AbortSignal): Promise<void> {
    const { client, clock, log } = this.#options
    this.#signal = signal
    // Of the same generation an object may say something else.
    client.history.onBreak(() => this.#marks.clear())
    this.#watches = new WatchSet(
      {
        client,
        clock,
        log,
        onChanges: (kind, changed, removed) => this.#hand(sink, kind, changed, removed),
        onUnwatched: (kind, keys) => this.#leave(sink, kind, keys),
      },
      signal,
    )
    const definitions = this.#followDefinitions(signal)
    await this.#discoverUntilKnown(signal)
    void this.#follow()
    await untilAborted(definitions.answered, signal)
    for (let rounds = START_SETTLE_ROUNDS; rounds > 0 && !signal.aborted && !this.#served.isSettled; rounds--) {
      await clock.sleep(CRD_SETTLE_MS, signal)
      await this.#discover(signal)
    }
    // Where not the whole cluster is read, the first lists name the namespaces that are there, whose watches are then listed in turn.
    for (let round = 0; round < 2; round++) await untilAborted(this.#watches.listed(), signal)
    if (!signal.aborted) sink.complete()
    while (!signal.aborted) await this.#discoverAgain(signal)
    await Promise.all([this.#watches.ended(), definitions.ended])
  }

  /**
   * Names the objects of the kinds by reference that are to be read; those that were wanted before and are not in it go away. Resolves
   * when the new ones were looked up, or after five seconds: whoever publishes waits for it, or a changed reference would look broken
   * for a moment.
   *
   * @param isFirst true before anything was published: proxies may have certificates that we have not read yet. Then a server that is away, or
   * asks for patience, is waited for, however long
   */
  async want(wanted: WantedObjects, isFirst: boolean = false): Promise<void> {
    this.#wanted = wanted
    const watches = this.#watches
    if (watches === undefined) return
    const answered = untilAborted(this.#follow(), this.#signal).then(() => true)
    for (;;) {
      const done = new AbortController()
      const late = this.#options.clock.sleep(WANT_TIMEOUT_MS, done.signal).then(() => false)
      const isAnswered = await Promise.race([answered, late])
      done.abort()
      if (isAnswered || !isFirst || !watches.isDelayed()) return
    }
  }

  /** The version of a kind that the cluster serves and we read; undefined while it is not served. */
  servedVersion(kind: string): string | undefined {
    return this.#served.versions.get(kind)
  }

  /** True while what is known of a kind is all that the server lets us see of it: false while it is listed, or the server does not answer. */
  isFollowed(kind: string): boolean {
    const { plural } = this.#options.kinds.find((each) => each.kind === kind) ?? {}
    const states = [...this.states()].filter(([name]) => name.split('|')[2] === plural)
    return states.every(([, state]) => state.kind === 'watching' || state.kind === 'absent' || refusalIn(state) !== undefined)
  }

  /** Why not everything has been handed over yet, one line per resource: for people who wonder why nothing starts. */
  missing(): readonly string[] {
    return [...(this.#watches?.unlisted() ?? [])].map(([name, state]) =>
      state.kind === 'waiting' ? `${resourceOf(name)}: ${state.failure.message}` : `${resourceOf(name)}: ${state.kind}`,
    )
  }

  /**
   * What the API server does not let us read, and its words, by resource: what was read of it before counts on, and changes are not seen. Without what
   * is read by reference: anybody may name a Secret that we may not read, and is told by the object that names it.
   */
  refusals(): ReadonlyMap<string, string> {
    const { kinds, byReference } = this.#options
    const named = new Set(kinds.filter(({ kind }) => byReference.has(kind)).map(({ plural }) => plural))
    return new Map(
      [...this.states()].flatMap(([name, state]) => {
        const refusal = named.has(name.split('|')[2] ?? '') ? undefined : refusalIn(state)
        return refusal === undefined ? [] : [[resourceOf(name), refusal] as const]
      }),
    )
  }

  /** What each watch is doing: for readiness and for people who wonder why nothing comes. */
  states(): ReadonlyMap<string, ReflectorState> {
    return this.#watches?.states() ?? new Map()
  }

  /** Starts and stops watches; resolves when the server has answered the new ones. */
  async #follow(): Promise<void> {
    const { kinds, scope, byReference } = this.#options
    if (this.#signal.aborted) return
    const plan = { kinds, served: this.#served.versions, scope, selected: this.#namespaces, byReference, wanted: this.#wanted }
    await this.#watches?.follow(desiredWatches(plan))
  }

  async #discoverUntilKnown(signal: AbortSignal): Promise<void> {
    const { client, clock, kinds, log } = this.#options
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        this.#served.answered(await discoverVersions(client, kinds, signal))
        return
      } catch (error) {
        if (signal.aborted) return
        const waitMs = backoffMs(API_BACKOFF, failures, clock)
        log.warn({ err: error, waitMs }, 'the API server does not say which kinds it serves')
        await clock.sleep(waitMs, signal)
      }
    }
  }

  async #discoverAgain(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const waiting = new AbortController()
    this.#rediscover = () => waiting.abort()
    if (this.#settleRounds === 0) await untilAborted(clock.sleep(DISCOVERY_MS, waiting.signal), signal)
    waiting.abort()
    if (this.#settleRounds > 0) {
      this.#settleRounds--
      await clock.sleep(CRD_SETTLE_MS, signal)
    }
    if (!signal.aborted) await this.#discover(signal)
  }

  async #discover(signal: AbortSignal): Promise<void> {
    const { client, kinds, log } = this.#options
    try {
      const changed = this.#served.answered(await discoverVersions(client, kinds, signal))
      const { versions, isDoubted, isSettled } = this.#served
      // In another version an object may say something else in the same generation.
      for (const { kind } of changed) if (versions.has(kind)) this.#marks.delete(kind)
      if (isDoubted) this.#settleRounds = Math.max(this.#settleRounds, 1)
      else if (isSettled) this.#settleRounds = 0
      const news = changed.map(({ kind }) => `${kind} ${versions.get(kind) ?? 'gone'}`)
      if (news.length > 0) log.info({ kinds: news }, 'the kinds that the API server serves have changed')
      void this.#follow()
    } catch (error) {
      if (!signal.aborted) log.debug({ err: error }, 'the API server does not say which kinds it serves; going on with those of before')
    }
  }

  #followDefinitions(signal: AbortSignal): { readonly answered: Promise<void>; readonly ended: Promise<void> } {
    const { client, clock, log, onCustomResources } = this.#options
    const tell = (): void => {
      onCustomResources?.(this.#served.customResources)
      this.#settleRounds = CRD_SETTLE_ROUNDS
      this.#rediscover()
    }
    const reflector = new Reflector({
      client,
      clock,
      log,
      resource: CRDS,
      // A CRD is large, and nothing but its name and annotations is of interest.
      metadataOnly: true,
      onChanges: (changed, removed) => {
        // What exists comes in several pieces at first, and a CRD of a later one is not missing.
        if (this.#served.defined(changed, removed) && reflector.hasListed) tell()
      },
    })
    void reflector.listed.then(() => {
      if (this.#served.customResources.length > 0) tell()
    })
    return { answered: reflector.answered, ended: reflector.start(signal) }
  }

  #hand(sink: ProviderSink, kind: KindDefinition, changed: readonly RawObject[], removed: readonly ObjectKey[]): void {
    const batch = [...changed.flatMap((raw) => this.#toChange(kind, raw)), ...removed.map((key) => this.#toRemoval(kind, key))]
    if (batch.length > 0) sink.changes(batch)
    if (kind.kind === 'Namespace' && this.#options.scope.kind !== 'cluster') {
      for (const { metadata } of changed) this.#namespaces.add(metadata.name)
      for (const key of removed) this.#namespaces.delete(key.slice(1))
      void this.#follow()
    }
  }

  /** Objects that are not read any more, as those of a namespace that lost its label: what stands in their statuses is left to whoever wrote it. */
  #leave(sink: ProviderSink, kind: KindDefinition, keys: readonly ObjectKey[]): void {
    if (keys.length === 0) return
    for (const key of keys) this.#marksOf(kind).delete(key)
    sink.changes(keys.map((key) => ({ kind: kind.kind, key, object: undefined })))
  }

  #toChange(kind: KindDefinition, raw: RawObject): readonly Change[] {
    const object = toKubeObject(kind, raw, this.#apiVersions.get(kind.kind))
    const key = objectKey(object.metadata.namespace, object.metadata.name)
    if (!hasReportedStatus(kind)) return [{ kind: kind.kind, key, object }]
    this.#options.onStatus?.(kind.kind, key, storedStatusOf(raw))
    const marks = this.#marksOf(kind)
    const mark = contentMark(object)
    if (marks.get(key) === mark) return []
    marks.set(key, mark)
    return [{ kind: kind.kind, key, object }]
  }

  #toRemoval(kind: KindDefinition, key: ObjectKey): Change {
    this.#marksOf(kind).delete(key)
    if (hasReportedStatus(kind)) this.#options.onStatus?.(kind.kind, key, undefined)
    return { kind: kind.kind, key, object: undefined }
  }

  #marksOf(kind: KindDefinition): Map<ObjectKey, string> {
    const marks = this.#marks.get(kind.kind) ?? new Map<ObjectKey, string>()
    this.#marks.set(kind.kind, marks)
    return marks
  }
}

/** What a watch is about, for people. */
function resourceOf(watchName: string): string {
  const [group, , plural, namespace] = watchName.split('|')
  return `${plural}${group === '' ? '' : `.${group}`}${namespace === '' ? '' : ` in ${namespace}`}`
}
