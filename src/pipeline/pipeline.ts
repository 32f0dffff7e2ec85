/**
 * The one event loop: changes of objects in, resources to the snapshot cache, statuses and infrastructure to whoever writes them.
 *
 * A change is translated at once. What comes while a translation is under way is gathered and translated together; there is no
 * timer. A long translation gives way to sockets every few milliseconds.
 *
 * What existed at the start is translated in portions of routes, each published for itself: see `first-routes.ts`.
 */
import type { SelectedPods } from '../gatewayapi/backends/selected-pods.js'
import type { FetchRequest } from '../gatewayapi/fetches/fetch-request.js'
import type { FinalizerChange } from '../gatewayapi/gateways/gateway-class-finalizers.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import type { KindName } from '../gen/kinds.js'
import type { FragmentFailure } from '../incremental/index.js'
import type { GatewayInfra } from '../ir/infra.js'
import type { Change, ProviderSink } from '../provider/provider.js'
import type { ResourceStore } from '../store/resource-store.js'
import type { ObjectKey } from '../util/object-ref.js'
import type { ChangeTrace } from '../xds/change-trace.js'
import type { RejectedVersion, RejectedVersions } from '../xds/rejected-versions.js'
import type { SnapshotCache } from '../xds/snapshot-cache.js'
import type { HookQuestion } from '../xds/translate/extension-hooks/hook.js'
import { Deliveries } from './deliveries/deliveries.js'
import type { GroupProgress } from './deliveries/ledger.js'
import { PresentVersions } from './deliveries/present-versions.js'
import { FirstRoutes } from './first-routes.js'
import { GatewayPlaces } from './gateway-places.js'
import type { PlacementPolicy } from './placements.js'
import { publish } from './publication.js'
import type { Translation } from './translation.js'

/** What a round of translation did, for metrics and tests. */
export interface RoundReport {
  /** The word for the round in logs and in the history. */
  readonly trace: string
  /** Fragments that ran, by collection. */
  readonly computed: ReadonlyMap<string, number>
  /** Resources that changed. */
  readonly resources: number
  readonly milliseconds: number
  readonly failures: readonly FragmentFailure[]
}

/** What the pipeline works with. */
export interface PipelineOptions {
  readonly translation: Translation
  readonly store: ResourceStore
  readonly snapshots: SnapshotCache
  readonly placements: PlacementPolicy
  /** Versions that proxies are known to reject: what they were made from is held back from the start. */
  readonly rejected?: RejectedVersions
  /** The image that the proxies of a group are to be of; undefined where nobody knows. What proxies of another one refuse holds nothing back. */
  readonly imageOf?: (group: string) => string | undefined
  /** Brings objects of kinds that are read one by one; absent where everything is read anyway. */
  readonly references?: ReferencedObjects
  /** Asks an extension server what it makes of resources; absent without one. */
  readonly hooks?: AskedHooks | undefined
  /** Fetches what policies need from elsewhere; absent where nothing is fetched. */
  readonly fetches?: Fetches
  /** Statuses that changed, by `<Kind>/<namespace>/<name>`; undefined: the object is gone. */
  readonly onStatuses?: (changes: ReadonlyMap<string, ObjectStatus | undefined>) => void
  /** Infrastructure that changed, by the key of its gateway. */
  readonly onInfra?: (changes: ReadonlyMap<string, GatewayInfra | undefined>) => void
  /** Services that XBackends need changed, by `XBackend/<namespace>/<name>`. */
  readonly onSelectedPods?: (changes: ReadonlyMap<string, SelectedPods | undefined>) => void
  /** What has to be done to finalizers of GatewayClasses changed, by the key of the class. */
  readonly onClassFinalizers?: (changes: ReadonlyMap<string, FinalizerChange | undefined>) => void
  readonly onRound?: (report: RoundReport) => void
  /** How many of the routes that existed at the start are translated at a time; undefined: as `FirstRoutes` has it. */
  readonly routesAtOnce?: number
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

/** How long a translation may keep the event loop. */
const SLICE_MS = 8
/** How many statuses are told in one turn of the event loop: whoever writes them looks at each. */
const STATUSES_AT_ONCE = 500

/** Translates what a provider brings. */
export class Pipeline implements ProviderSink {
  readonly #options: PipelineOptions
  /** How far objects have come, here and on other replicas. Whoever tells it something calls `touched` if it says so. */
  readonly deliveries: Deliveries
  readonly #versions: PresentVersions
  readonly #places: GatewayPlaces
  readonly #firstRoutes: FirstRoutes
  /** Statuses that nobody was told of yet, as they are now. */
  readonly #untold = new Map<string, ObjectStatus | undefined>()
  #isComplete = false
  #hasTold = false
  #wantedVersion = 0
  #isScheduled = false
  #round = newRound()
  #rounds = 0
  /** Under way; what comes meanwhile waits. */
  #publication: Generator<void, boolean> | undefined
  readonly #deferred: News[] = []
  #waiting: (() => void)[] = []

  constructor(options: PipelineOptions) {
    this.#options = options
    this.#firstRoutes = new FirstRoutes(options.routesAtOnce)
    const { gatewayApi, inputs } = options.translation
    this.#versions = new PresentVersions(options)
    this.#places = new GatewayPlaces(options.translation, options.placements)
    this.deliveries = new Deliveries({ ...gatewayApi, placements: inputs.placements }, inputs, this.#versions)
  }

  changes(batch: readonly Change[]): void {
    // What nobody reads changes nothing.
    this.#take(() => this.#apply(this.#firstRoutes.keepBack(batch)) && this.#options.translation.graph.isDirty)
  }

  complete(): void {
    this.#isComplete = true
    this.#apply(this.#firstRoutes.next())
    this.#schedule()
  }

  /** An input other than the objects was set, such as the addresses of a gateway. */
  touched(): void {
    this.#take(() => true)
  }

  /** A group of proxies has come further. */
  progress(group: string, progress: GroupProgress): void {
    this.#take(() => this.deliveries.progress(group, progress))
  }

  /** A proxy rejected a resource; without a group it is one of another replica. */
  rejected(rejected: RejectedVersion, group?: string): void {
    this.#take(() => {
      if (this.#options.placements.isMovedBy?.(rejected) === true) {
        this.#places.invalidate()
        return true
      }
      const complete = this.#versions.withOrigins(rejected)
      if (this.#versions.isOfWantedImage(rejected)) return this.deliveries.rejected(complete, group)
      this.deliveries.rejectedBefore(complete)
      return false
    })
  }

  /** Groups have other images now: what is held back for what the ones before refused gets its chance, if there is any. */
  imagesChanged(groups: ReadonlySet<string>): void {
    this.#take(() => {
      if (!this.#versions.isRejectedByAny(groups)) return false
      this.deliveries.releaseHeld()
      // What was refused and could not be held back is not said of these any more.
      return true
    })
  }

  /** Versions that were rejected may be sent again: what is held back for them gets its chance. */
  forgotten(versions: readonly RejectedVersion[]): void {
    this.#take(() => this.deliveries.releaseFor(new Set(versions.map(({ message }) => message))))
  }

  /** Versions that were sent again, and that nobody has rejected since. */
  taken(versions: readonly RejectedVersion[]): void {
    this.#take(() => this.deliveries.taken(versions))
  }

  /** Resolves when nothing is left to translate. */
  idle(): Promise<void> {
    return this.#isScheduled ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve()
  }

  /** Something has happened: at once, but behind a publication that is under way. */
  #take(news: News): void {
    if (this.#publication !== undefined) this.#deferred.push(news)
    else if (news()) this.#schedule()
  }

  /** True if somebody may read what changed. */
  #apply(batch: readonly Change[]): boolean {
    const { store } = this.#options
    for (const { kind, key, object } of batch) this.deliveries.beforeChange(`${kind}/${key}`, store.find(kind, key), object)
    return store.apply(batch).some(({ matters }) => matters)
  }

  #schedule(): void {
    // Before everything was listed, a translation would only be thrown away.
    if (this.#isScheduled || !this.#isComplete) return
    this.#isScheduled = true
    this.#rounds++
    this.#round = newRound()
    setImmediate(() => this.#slice())
  }

  #trace(): ChangeTrace {
    const { received, began } = this.#round
    const { timeOrigin } = performance
    return {
      id: this.#traceId(),
      receivedAt: timeOrigin + received,
      translationAt: timeOrigin + (began ?? received),
      readyAt: timeOrigin + performance.now(),
    }
  }

  /** Processes that start in the same millisecond share words: nobody counts on more. */
  #traceId(): string {
    return `${Math.floor(performance.timeOrigin).toString(36)}-${this.#rounds}`
  }

  /** What of a round is done in one turn of the event loop. */
  #slice(): void {
    const start = performance.now()
    this.#round.began ??= start
    const goOn = (): void => void setImmediate(() => this.#slice())
    const outcome = this.#advance(start + SLICE_MS)
    if (outcome === 'done') this.#endRound()
    else if (outcome === 'more') goOn()
    else void outcome.finally(goOn)
  }

  /** Goes on with the round until the time is up (`more`), until something comes that it has to wait for, or to its end. */
  #advance(end: number): 'done' | 'more' | Promise<void> {
    for (;;) {
      if (this.#publication === undefined) {
        if (!this.#flush(end)) return 'more'
        // A Secret that is named for the first time must be read before anybody says that it does not exist, and what an extension server
        // changes is sent once, changed.
        const brought = this.#bringReferenced() ?? (this.#firstRoutes.isWaiting ? undefined : (this.#fetch() ?? this.#askHooks()))
        if (brought !== undefined) return brought
        this.#publication = this.#publish()
      }
      const isNews = this.#goOnPublishing(this.#publication, end)
      if (isNews === undefined) return 'more'
      if (this.#firstRoutes.isWaiting) {
        this.#apply(this.#firstRoutes.next())
        return 'more'
      }
      // What is published may be held back, which changes what is made of it: once more.
      if (!isNews) break
    }
    // How far things have come is known now: it stands in statuses, which are made once.
    return this.#flushUpTo(end) && this.#tell() ? 'done' : 'more'
  }

  #publish(): Generator<void, boolean> {
    const { translation, snapshots } = this.#options
    const resources = translation.xds.resources.takeChanges()
    this.#round.resources += resources.size
    const { deliveries } = this
    return publish({ snapshots, deliveries, versions: this.#versions, trace: () => this.#trace() }, resources, !this.#firstRoutes.isWaiting)
  }

  /** Undefined when the time is up; otherwise true if there is something to translate. */
  #goOnPublishing(publication: Generator<void, boolean>, end: number): boolean | undefined {
    let step = publication.next()
    while (step.done !== true) {
      if (performance.now() > end) return undefined
      step = publication.next()
    }
    this.#publication = undefined
    let isNews = step.value
    for (const news of this.#deferred.splice(0)) isNews = news() || isNews
    return isNews
  }

  #endRound(): void {
    this.#isScheduled = false
    this.#options.onRound?.({ ...this.#round, trace: this.#traceId(), milliseconds: performance.now() - this.#round.received })
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** A new gateway gets its place before anything is made of its routes, which would otherwise be made twice. */
  #flush(end: number): boolean {
    if (!this.#flushUpTo(end, { last: this.#options.translation.gatewayApi.gateways })) return false
    this.#places.update()
    return this.#flushUpTo(end, { reports: false })
  }

  /** True if nothing is left. What the options mean says `Graph.flush`. */
  #flushUpTo(
    end: number,
    { last, reports = true }: { readonly last?: Translation['gatewayApi']['gateways']; readonly reports?: boolean } = {},
  ): boolean {
    const { complete, computed, failures } = this.#options.translation.graph.flush(() => performance.now() > end, last, reports)
    const total = this.#round.computed
    for (const [name, count] of computed) total.set(name, (total.get(name) ?? 0) + count)
    this.#round.failures.push(...failures)
    return complete
  }

  /** Undefined if everything that fragments look for was looked up already. */
  #bringReferenced(): Promise<void> | undefined {
    const { references, translation, snapshots } = this.#options
    if (references === undefined) return undefined
    const inputs = references.kinds.map((kind) => ({ kind, input: translation.inputs.kind(kind) }))
    const version = inputs.reduce((sum, { input }) => sum + input.readVersion, 0)
    if (version === this.#wantedVersion) return undefined
    this.#wantedVersion = version
    return references.want(
      new Map(inputs.map(({ kind, input }) => [kind, new Set(input.readKeys) as ReadonlySet<string> as ReadonlySet<ObjectKey>])),
      !snapshots.isComplete,
    )
  }

  /** Undefined if no answer is waited for. */
  #askHooks(): Promise<void> | undefined {
    const { hooks, translation } = this.#options
    if (hooks === undefined) return undefined
    const questions = new Map(translation.xds.questions.flatMap((each) => [...each.takeChanges()]))
    return questions.size === 0 ? undefined : hooks.ask(questions)
  }

  /** A promise only before anything was published: proxies may have what we do not have yet, and must not lose it meanwhile. */
  #fetch(): Promise<void> | undefined {
    const { fetches, translation, snapshots } = this.#options
    const changes = translation.gatewayApi.fetches.takeChanges()
    if (fetches === undefined) return undefined
    if (changes.size > 0) fetches.want(changes)
    return snapshots.isComplete ? undefined : fetches.firstAnswers()
  }

  /**
   * Tells whoever writes what is to be written; at first also that it is nothing: then what was left behind goes. False if there is more than a turn
   * of the event loop has time for: it comes in the next.
   */
  #tell(): boolean {
    const { translation, onStatuses, onInfra, onSelectedPods, onClassFinalizers } = this.#options
    for (const source of [translation.gatewayApi.statuses, translation.patchStatuses]) {
      for (const [key, status] of source.takeChanges()) this.#untold.set(key, status)
    }
    const statuses = new Map(this.#untold.entries().take(STATUSES_AT_ONCE))
    for (const key of statuses.keys()) this.#untold.delete(key)
    if (statuses.size > 0 || !this.#hasTold) onStatuses?.(statuses)
    if (this.#untold.size > 0) return false
    const infra = translation.gatewayApi.infra.takeChanges()
    if (infra.size > 0 || !this.#hasTold) onInfra?.(infra)
    this.#hasTold = true
    const pods = translation.gatewayApi.selectedPods.takeChanges()
    if (pods.size > 0) onSelectedPods?.(pods)
    const finalizers = translation.gatewayApi.classFinalizers.takeChanges()
    if (finalizers.size > 0) onClassFinalizers?.(finalizers)
    return true
  }
}

/** Something that has happened. True if there is something to translate. */
type News = () => boolean

interface Round {
  /** When the first change came. */
  readonly received: number
  /** When the translation began. */
  began: number | undefined
  readonly computed: Map<string, number>
  readonly failures: FragmentFailure[]
  resources: number
}

function newRound(): Round {
  return { received: performance.now(), began: undefined, computed: new Map(), failures: [], resources: 0 }
}
