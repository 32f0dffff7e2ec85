/**
 * Make before break, by reference: what has to be there before a resource is sent. What is on its way, or is accepted and still warming, is not
 * there; of what changes later than the resource nothing is waited for, it may go on for ever.
 */
import { type EncodedResource, type ResourceReference, TYPE_URL, type TypeUrl } from '../resource.js'
import type { SnapshotCache } from '../snapshot-cache.js'
import type { Bounds } from './bounds.js'
import { losesOnly } from './extension-order.js'
import { OF_ROUTES, SUBSCRIBED_BY_NAME } from './push-order.js'
import type { Subscription } from './subscription.js'
import type { Warming } from './warming.js'

/** What decides, of one stream. */
export interface PrerequisiteSources {
  readonly group: string
  readonly cache: SnapshotCache
  readonly bounds: Bounds
  readonly subscriptions: ReadonlyMap<TypeUrl, Subscription>
  readonly warming: Warming
}

/** In a reference: every resource of the type. */
const ALL = '*'

/** Looks at what a stream has, each time that it is asked. */
export class Prerequisites {
  readonly #sources: PrerequisiteSources
  /** So long listeners wait for a client to ask for scopes; undefined while none waits. */
  #scopesMissingUntil: number | undefined

  constructor(sources: PrerequisiteSources) {
    this.#sources = sources
  }

  /** True while something that the resource names is not there yet: it waits. */
  areMissing(resource: EncodedResource, now: number): boolean {
    if (this.#losesOnly(resource) && this.routesArePending()) return true
    const clusters = this.#of(TYPE_URL.cluster)
    if (clusters === undefined) return false
    return resource.references.some((reference) => {
      switch (reference.typeUrl) {
        case TYPE_URL.extensionConfig:
          return this.#extensionIsComing(reference)
        case TYPE_URL.scopedRouteConfiguration:
          return this.#scopesArePending(resource, now)
        case TYPE_URL.listener:
          return this.#listenerIsComing(resource, reference)
        case TYPE_URL.cluster:
          return clusters.covers(reference.name) && this.#clusterIsComing(clusters, reference)
        default:
          return false
      }
    })
  }

  /** True while the client does not have all routes that it shall have. */
  routesArePending(): boolean {
    return OF_ROUTES.some((typeUrl) => {
      const routes = this.#of(typeUrl)
      return routes !== undefined && (routes.pending.size > 0 || routes.isInFlight)
    })
  }

  /** When a wait ends that nothing else ends, or undefined without any. */
  deadline(now: number): number | undefined {
    const until = this.#scopesMissingUntil
    return until !== undefined && until > now ? until : undefined
  }

  /** True while a cluster is on its way or warming, or gets endpoints or secrets that were not sent yet. */
  #clusterIsComing(clusters: Subscription, reference: ResourceReference): boolean {
    const { cache, group, warming } = this.#sources
    if (warming.has(reference)) return true
    const cluster = cache.resource(group, reference)
    if (cluster === undefined) return false
    return clusters.pending.has(reference.name) || cluster.references.some((need) => this.#isPending(need))
  }

  /** Routes wait for names that are new; what only loses some waits for the routes. */
  #extensionIsComing(reference: ResourceReference): boolean {
    const { cache, group } = this.#sources
    const extension = cache.resource(group, reference)
    return extension !== undefined && this.#isPending(reference) && !this.#losesOnly(extension)
  }

  #losesOnly(resource: EncodedResource): boolean {
    if (resource.typeUrl !== TYPE_URL.extensionConfig) return false
    const { cache, group } = this.#sources
    const catalog = cache.resources(group, resource.typeUrl)
    return losesOnly(this.#of(resource.typeUrl)?.held(resource.name, catalog), resource)
  }

  /** A listener may wait for another one, and a route configuration, named by a listener that has to be the last to get ready, for all of them. */
  #listenerIsComing(resource: ResourceReference, wanted: ResourceReference): boolean {
    const listeners = this.#of(TYPE_URL.listener)
    if (listeners === undefined || wanted.name !== ALL) return listeners?.pending.has(wanted.name) ?? false
    return listeners.isBehind(this.#changedAt(resource))
  }

  /** Scopes are asked for by a first listener that has nothing but them; those that need all scopes wait for that, too. */
  #scopesArePending(resource: ResourceReference, now: number): boolean {
    const scopes = this.#of(TYPE_URL.scopedRouteConfiguration)
    if (scopes !== undefined) return scopes.isBehind(this.#changedAt(resource))
    this.#scopesMissingUntil ??= now + this.#sources.bounds.warmMs
    return now < this.#scopesMissingUntil
  }

  /** The revision of what is to be sent. */
  #changedAt({ typeUrl, name }: ResourceReference): number {
    const { cache, group } = this.#sources
    return this.#of(typeUrl)?.changedAt(name) ?? cache.revision(group)
  }

  #isPending({ typeUrl, name }: ResourceReference): boolean {
    return SUBSCRIBED_BY_NAME.has(typeUrl) && (this.#of(typeUrl)?.pending.has(name) ?? false)
  }

  #of(typeUrl: TypeUrl): Subscription | undefined {
    return this.#sources.subscriptions.get(typeUrl)
  }
}
