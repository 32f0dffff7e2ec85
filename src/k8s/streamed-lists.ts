/**
 * Lists that come as a watch: first an event for every object, then a bookmark that ends the list, then what changes. The server sends
 * each object as soon as it has it, and neither side holds the whole list. Offered by Kubernetes from 1.32 on, with an etcd that it is made
 * for (https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists).
 */
import { hasStatus, KubeApiError } from './kube-error.js'

/** Asks a watch for what exists first. Without a version the server brings the newest, as a list without one does. */
export const STREAMED_LIST = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' } as const

/** Stands at the bookmark that ends the list. */
export const LIST_END = 'k8s.io/initial-events-end'

/**
 * How a streamed list failed: the server does not know such lists, or knows them but not this one now, and pages will do for both; or the
 * server, the connection or the resource has a trouble that pages would have as well.
 */
export type StreamedListFailure = 'not-offered' | 'not-now' | 'trouble'

/** Waiting helps, or asking for pages at once would ask the same again. */
const TROUBLES: ReadonlySet<number> = new Set([401, 404, 410, 429, 502, 503])

/** Who may list is perhaps not allowed to watch; and the cache of the server may be late. */
const NOT_NOW: ReadonlySet<number> = new Set([403, 504])

/** What the server says as long as it has not read a resource itself: after its start, and of a CRD that nobody has read yet. */
const INITIALIZING = 'storage is (re)initializing'

/** Sorts the failure of a streamed list, whether the server answered with it or sent it as an event. */
export function streamedListFailure(error: unknown): StreamedListFailure {
  // Pages come from etcd meanwhile, and the server wants a second before it is asked for a stream again.
  if (hasStatus(error, 429) && error.message.includes(INITIALIZING)) return 'not-now'
  if (!(error instanceof KubeApiError) || TROUBLES.has(error.status)) return 'trouble'
  return NOT_NOW.has(error.status) ? 'not-now' : 'not-offered'
}

/** Whether to ask an API server for streamed lists: all that talk to it share what one of them was told. */
export class StreamedLists {
  #isRefused = false

  /** False as soon as the server has refused one. */
  get mayBeOffered(): boolean {
    return !this.#isRefused
  }

  /** The server does not have them: nobody asks again. */
  refused(): void {
    this.#isRefused = true
  }
}
