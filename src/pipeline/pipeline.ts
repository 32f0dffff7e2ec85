/**
 * The one event loop: changes of objects in, resources to the snapshot cache, statuses and infrastructure to whoever writes them.
 *
 * A change is translated at once. What comes while a translation is under way is gathered and translated together; there is no
 * timer. A long translation gives way to sockets every few milliseconds.
 *
 * What existed at the start is translated in portions of routes, each published for itself: see `first-routes.ts`.
 */
import type { Change, ProviderSink } from '../provider/provider.js'
import type { ResourceStore } from '../store/resource-store.js'
import type { RejectedVersion, RejectedVersions } from '../xds/rejected-versions.js'
import type { SnapshotCache } from '../xds/snapshot-cache.js'
import { Deliveries } from './deliveries/deliveries.js'
import type { GroupProgress } from './deliveries/ledger.js'
import { PresentVersions } from './deliveries/present-versions.js'
import { FirstRoutes } from './first-routes.js'
import { GatewayPlaces } from './gateway-places.js'
import { Needs, type Outside } from './needs.js'
import type { PlacementPolicy } from './placements.js'
import { publish } from './publication.js'
import { Round, type RoundReport } from './round.js'
import { type Listeners, Telling } from './telling.js'
import type { Translation } from './translation.js'

/** What the pipeline works with. */
export interface PipelineOptions extends Outside, Listeners {
  readonly translation: Translation
  readonly store: ResourceStore
  readonly snapshots: SnapshotCache
  readonly placements: PlacementPolicy
  /** Versions that proxies are known to reject: what they were made from is held back from the start. */
  readonly rejected?: RejectedVersions
  /** The image that the proxies of a group are to be of; undefined where nobody knows. What proxies of another one refuse holds nothing back. */
  readonly imageOf?: (group: string) => string | undefined
  readonly onRound?: (report: RoundReport) => void
  /** How many of the routes that existed at the start are translated at a time; undefined: as `FirstRoutes` has it. */
  readonly routesAtOnce?: number
}

/** How long a translation may keep the event loop. */
const SLICE_MS = 8

/** Translates what a provider brings. */
export class Pipeline implements ProviderSink {
  readonly #options: PipelineOptions
  /** How far objects have come, here and on other replicas. Whoever tells it something calls `touched` if it says so. */
  readonly deliveries: Deliveries
  readonly #versions: PresentVersions
  readonly #places: GatewayPlaces
  readonly #firstRoutes: FirstRoutes
  readonly #needs: Needs
  readonly #telling: Telling
  #isComplete = false
  #isScheduled = false
  #round = new Round(0)
  /** Under way; what comes meanwhile waits. */
  #publication: Generator<void, boolean> | undefined
  readonly #deferred: News[] = []
  #waiting: (() => void)[] = []

  constructor(options: PipelineOptions) {
    this.#options = options
    this.#firstRoutes = new FirstRoutes(options.routesAtOnce)
    const { gatewayApi, inputs } = options.translation
    this.#versions = new PresentVersions(options)
    this.#needs = new Needs(options.translation, options, () => !options.snapshots.isComplete)
    this.#telling = new Telling(options.translation, options)
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
    this.#round = new Round(this.#round.number + 1)
    setImmediate(() => this.#slice())
  }

  /** What of a round is done in one turn of the event loop. */
  #slice(): void {
    const start = performance.now()
    this.#round.begin()
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
        const needed = this.#needs.objects() ?? (this.#firstRoutes.isWaiting ? undefined : this.#needs.answers())
        if (needed !== undefined) return needed
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
    return this.#flushUpTo(end) && this.#telling.go() ? 'done' : 'more'
  }

  #publish(): Generator<void, boolean> {
    const { translation, snapshots } = this.#options
    const resources = translation.xds.resources.takeChanges()
    const round = this.#round
    round.publishes(resources.size)
    const { deliveries } = this
    return publish({ snapshots, deliveries, versions: this.#versions, trace: () => round.trace() }, resources, !this.#firstRoutes.isWaiting)
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
    this.#options.onRound?.(this.#round.report())
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
    const flushed = this.#options.translation.graph.flush(() => performance.now() > end, last, reports)
    this.#round.flushed(flushed)
    return flushed.complete
  }
}

/** Something that has happened. True if there is something to translate. */
type News = () => boolean
