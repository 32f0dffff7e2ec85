/** How long changes spend between the provider and the proxies, by what they wait for. */
import type { ChangeTrace } from '../../xds/change-trace.js'
import type { ProxyIdentity } from '../../xds/delivery-tracker.js'

/**
 * `queue`: until a translation begins; `translate`: until the resources are ready; `send`: until the last response that a proxy needs is
 * handed to its socket, which may have to wait for answers to those before it; `acknowledge`: until the proxy says that it runs it.
 */
export type ChangeStage = 'queue' | 'translate' | 'send' | 'acknowledge'

/** How many revisions of a group a slow proxy may be behind until its stages are no longer told. */
const REMEMBERED = 1_000

/** Tells the length of each stage: the first two once for a revision, the others once for each proxy that reaches it. */
export class ChangeStages {
  readonly #tell: (stage: ChangeStage, milliseconds: number) => void
  /** When the revisions of a group were ready, in ascending order. */
  readonly #ready = new Map<string, { readonly revision: number; readonly at: number }[]>()

  constructor(tell: (stage: ChangeStage, milliseconds: number) => void) {
    this.#tell = tell
  }

  /** A revision is ready to be sent. Times are milliseconds since the epoch. */
  applied(group: string, revision: number, trace: ChangeTrace | undefined, now: number): void {
    const ready = this.#ready.get(group) ?? []
    this.#ready.set(group, ready)
    ready.push({ revision, at: now })
    if (ready.length > REMEMBERED) ready.shift()
    if (trace === undefined) return
    this.#tell('queue', trace.translationAt - trace.receivedAt)
    this.#tell('translate', trace.readyAt - trace.translationAt)
  }

  /** There is no such group any more. */
  forgotten(group: string): void {
    this.#ready.delete(group)
  }

  /** A proxy runs a revision; `sentAt` is when the last response before was handed to its socket. */
  reached({ group }: Pick<ProxyIdentity, 'group'>, revision: number, sentAt: number | undefined, now: number): void {
    const ready = this.#ready.get(group)?.findLast((each) => each.revision === revision)
    // Sent before it was ready: the proxy had it already, or needs nothing of it.
    if (ready === undefined || sentAt === undefined || sentAt < ready.at) return
    this.#tell('send', sentAt - ready.at)
    this.#tell('acknowledge', now - sentAt)
  }
}
