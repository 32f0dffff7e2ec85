/** Drives a session without sockets: the test is client and clock. */

import { RejectedVersions } from '../../../src/xds/rejected-versions.js'
import { type EncodedResource, type ResourceChange, TYPE_URL } from '../../../src/xds/resource.js'
import { DEFAULT_BOUNDS } from '../../../src/xds/server/bounds.js'
import { Bridges } from '../../../src/xds/server/extension-order.js'
import type { DiscoveryRequest, Protocol } from '../../../src/xds/server/requests.js'
import { type Culprit, type Outgoing, Session } from '../../../src/xds/server/session.js'
import { SnapshotCache } from '../../../src/xds/snapshot-cache.js'
import { put } from './resources.js'

const SHORT: Readonly<Record<string, string>> = {
  [TYPE_URL.cluster]: 'CDS',
  [TYPE_URL.clusterLoadAssignment]: 'EDS',
  [TYPE_URL.secret]: 'SDS',
  [TYPE_URL.listener]: 'LDS',
  [TYPE_URL.routeConfiguration]: 'RDS',
  [TYPE_URL.scopedRouteConfiguration]: 'SRDS',
  [TYPE_URL.virtualHost]: 'VHDS',
  [TYPE_URL.extensionConfig]: 'ECDS',
}

/** What a delta request may say. */
export interface Asked {
  readonly subscribe?: readonly string[]
  readonly unsubscribe?: readonly string[]
  readonly initialVersions?: ReadonlyMap<string, string>
  readonly nonce?: string
  readonly error?: string
}

/** What a session begins with. */
export interface DriverOptions {
  /** False: the test says when all is there that there will be at first, by `cache.markComplete`. */
  readonly isComplete?: boolean
  /** What the server takes the client's protocol for; requests are those of delta unless the test makes its own. */
  readonly protocol?: Protocol
}

/** A session with its cache, its rejected versions and its time. */
export class SessionDriver {
  readonly cache: SnapshotCache = new SnapshotCache()
  readonly rejected: RejectedVersions
  readonly culprits: Culprit[] = []
  readonly session: Session
  now: number = 0
  #unanswered: Outgoing[] = []

  constructor(
    resources: readonly EncodedResource[] = [],
    rejected: RejectedVersions = new RejectedVersions(),
    { isComplete = true, protocol = 'delta' }: DriverOptions = {},
  ) {
    this.rejected = rejected
    this.cache.apply('g', resources.map(put))
    if (isComplete) this.cache.markComplete()
    this.session = new Session({
      protocol,
      group: 'g',
      cache: this.cache,
      rejected: this.rejected,
      bounds: DEFAULT_BOUNDS,
      silentClusters: new WeakMap(),
      bridges: new Bridges(),
      events: {
        acknowledged: () => {},
        rejected: (_typeUrl, _flight, { text: message }, culprits) => {
          this.culprits.push(...culprits)
          for (const { resource } of culprits) this.rejected.add({ ...resource, message, suspects: resource.origins, at: '' })
        },
      },
    })
    this.cache.listen('g', { changed: (changes, revision) => this.session.changed(changes, revision), complete: () => {} })
  }

  apply(...changes: readonly (EncodedResource | ResourceChange)[]): void {
    this.cache.apply(
      'g',
      changes.map((change) => ('value' in change ? put(change) : change)),
    )
  }

  ask(typeUrl: string, { subscribe = [], unsubscribe = [], initialVersions = new Map(), nonce = '', error }: Asked = {}): void {
    const rejection = error === undefined ? undefined : { message: error }
    const request: DiscoveryRequest = {
      protocol: 'delta',
      typeUrl,
      nonce,
      rejection,
      node: undefined,
      subscribe,
      unsubscribe,
      initialVersions,
    }
    this.session.request(request, this.now)
  }

  /** What is sent now, as `CDS +a +b -c`, until there is nothing more to send. */
  sends(): string[] {
    const sent: Outgoing[] = []
    for (let next = this.session.next(this.now); next !== undefined; next = this.session.next(this.now)) {
      sent.push(next)
      if (sent.length > 1_000) throw new Error('the session never has enough')
    }
    this.#unanswered.push(...sent)
    return sent.map(({ typeUrl, resources, removed }) =>
      [SHORT[typeUrl], ...resources.map(({ name }) => `+${name}`), ...removed.map((name) => `-${name}`)].join(' '),
    )
  }

  /** Accepts everything that was sent, or everything of one type. */
  accept(typeUrl?: string): void {
    for (const outgoing of this.#take(typeUrl)) this.ask(outgoing.typeUrl, { nonce: outgoing.nonce })
  }

  /** Rejects everything that was sent, or everything of one type. */
  reject(message: string, typeUrl?: string): void {
    for (const outgoing of this.#take(typeUrl)) this.ask(outgoing.typeUrl, { nonce: outgoing.nonce, error: message })
  }

  /** The unanswered responses, which the test may look at. */
  get unanswered(): readonly Outgoing[] {
    return this.#unanswered
  }

  /** Lets time pass up to the next deadline; returns by how much. Throws when there is none. */
  waitForDeadline(): number {
    const deadline = this.session.deadline(this.now)
    if (deadline === undefined) throw new Error('nothing is waited for')
    const waited = deadline - this.now
    this.now = deadline
    this.session.expire(this.now)
    return waited
  }

  #take(typeUrl: string | undefined): readonly Outgoing[] {
    const taken = this.#unanswered.filter((outgoing) => typeUrl === undefined || outgoing.typeUrl === typeUrl)
    this.#unanswered = this.#unanswered.filter((outgoing) => !taken.includes(outgoing))
    return taken
  }
}
