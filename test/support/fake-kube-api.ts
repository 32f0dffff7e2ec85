/**
 * A small API server on a real socket: lists in pages and as streams, watches with resume and expiry, optimistic locking, discovery, and faults on demand.
 * It knows nothing of schemas and admission; what depends on those is tested against a real kube-apiserver in `test/kube`.
 */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { KubeCredentials } from '../../src/k8s/credentials.js'
import { fieldAt, isJsonObject, type JsonObject, type RawObject, stringAt } from '../../src/k8s/kube-json.js'
import { deepEqual } from '../../src/util/deep-equal.js'
import { applyObject, mergePatch } from './fake-kube-patch.js'

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: http.IncomingHttpHeaders
  readonly body: unknown
}

/**
 * What happens instead of an answer: an error, a reset connection, or silence until the client gives up; `unanswered` is the same silence
 * about a request that was carried out.
 */
export type Fault =
  | { readonly status: number; readonly reason?: string; readonly message?: string; readonly retryAfter?: number }
  | 'reset'
  | 'hang'
  | 'unanswered'

interface PlannedFault {
  readonly matches: (request: SeenRequest) => boolean
  readonly fault: Fault
  times: number
}

interface Event {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly collection: string
  readonly version: number
  readonly object: RawObject
}

interface Watcher {
  readonly collection: string
  readonly namespace: string
  readonly query: URLSearchParams
  readonly response: http.ServerResponse
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonObject
}

interface Location {
  /** `group/version/plural`, without the namespace. */
  readonly collection: string
  readonly namespace: string
  readonly name: string
  readonly subresource: string
}

/** The server. Objects are kept per collection (`/api/v1/services`, `/apis/group/version/plural`). */
export class FakeKubeApi {
  readonly requests: SeenRequest[] = []
  readonly watchers: Set<Watcher> = new Set()
  /** How long each answer takes. */
  delayMs = 0
  /** The most requests that were under way at once, counted while answers take time. */
  mostConcurrent = 0
  /** Collections that answer 404, as if their CRD were not installed. */
  readonly absent: Set<string> = new Set()
  /** False as a server without streamed lists, or one that is turned off: it refuses them. */
  streamsLists = true
  /** How many events of a streamed list are written at once; the rest waits for `streamOn`. */
  streamedAtOnce: number = Number.POSITIVE_INFINITY
  /** What `GET` answers on other paths, such as discovery. */
  readonly documents: Map<string, JsonObject> = new Map()
  readonly #objects = new Map<string, Map<string, RawObject>>()
  readonly #events: Event[] = []
  readonly #faults: PlannedFault[] = []
  readonly #heldLists: { readonly finish: () => void; readonly response: http.ServerResponse }[] = []
  readonly #server = http.createServer((request, response) => this.#read(request, response))
  #version = 100
  #concurrent = 0
  #oldest = 0

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get credentials(): KubeCredentials {
    const server = new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`)
    return { resolve: async () => ({ server, tls: {}, headers: { authorization: 'Bearer test' } }), invalidate: () => undefined }
  }

  /** Creates or replaces an object and tells the watchers. */
  put(collection: string, object: RawObject): RawObject {
    const objects = this.#collection(collection)
    const key = keyOf(object)
    const before = objects.get(key)
    const specChanged = JSON.stringify(before?.spec) !== JSON.stringify(object.spec)
    const stored: RawObject = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: before?.metadata.uid ?? object.metadata.uid ?? `uid-${this.#version}`,
        creationTimestamp: before?.metadata.creationTimestamp ?? object.metadata.creationTimestamp ?? '2026-01-01T00:00:00Z',
        generation: (before?.metadata.generation ?? 0) + (before === undefined || specChanged ? 1 : 0),
        resourceVersion: String(++this.#version),
      },
    }
    objects.set(key, stored)
    this.#tell({ type: before === undefined ? 'ADDED' : 'MODIFIED', collection, version: this.#version, object: stored })
    return stored
  }

  /** What is put from now on has versions that begin at an earlier one, as after a backup was restored. */
  goBack(versions: number): void {
    this.#version -= versions
  }

  get(collection: string, namespace: string, name: string): RawObject | undefined {
    return this.#collection(collection).get(`${namespace}/${name}`)
  }

  list(collection: string): readonly RawObject[] {
    return [...this.#collection(collection).values()]
  }

  remove(collection: string, namespace: string, name: string): void {
    const object = this.get(collection, namespace, name)
    if (object === undefined) return
    this.#collection(collection).delete(`${namespace}/${name}`)
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) }
    this.#tell({ type: 'DELETED', collection, version: this.#version, object: { ...object, metadata } })
  }

  /** Forgets the history: who comes back with an older version must list again. */
  compact(): void {
    this.#oldest = this.#version
    this.#events.length = 0
  }

  /** Sends every watcher a bookmark of now. */
  bookmark(): void {
    this.sendRaw(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(this.#version) } } })}\n`)
  }

  /** Sends bytes to every watcher as they are. */
  sendRaw(text: string): void {
    for (const watcher of this.watchers) watcher.response.write(text)
  }

  /** Ends every watch, politely or by resetting the connection. */
  endWatches(how: 'close' | 'reset' = 'close'): void {
    for (const watcher of this.watchers) how === 'close' ? watcher.response.end() : watcher.response.socket?.resetAndDestroy()
  }

  /** Lets the next matching requests fail. */
  plan(fault: Fault, matches: (request: SeenRequest) => boolean, times = 1): void {
    this.#faults.push({ fault, matches, times })
  }

  /** Writes what is left of streamed lists. */
  streamOn(): void {
    for (const { finish } of this.#heldLists.splice(0)) finish()
  }

  /** Sends bytes in the middle of streamed lists. */
  sendToStreams(text: string): void {
    for (const { response } of this.#heldLists) response.write(text)
  }

  /** Resets the connections of streamed lists that are not whole. */
  dropStreams(): void {
    for (const { response } of this.#heldLists.splice(0)) response.socket?.resetAndDestroy()
  }

  #collection(collection: string): Map<string, RawObject> {
    const known = this.#objects.get(collection)
    if (known !== undefined) return known
    const created = new Map<string, RawObject>()
    this.#objects.set(collection, created)
    return created
  }

  #tell(event: Event): void {
    this.#events.push(event)
    for (const watcher of this.watchers) if (concerns(event, watcher)) watcher.response.write(eventLine(event))
  }

  #read(request: http.IncomingMessage, response: http.ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://fake')
      const body: unknown = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'))
      const seen: SeenRequest = {
        method: request.method ?? 'GET',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body,
      }
      this.requests.push(seen)
      const planned = this.#faults.find((candidate) => candidate.times > 0 && candidate.matches(seen))
      if (planned === undefined) {
        this.#answerInTime(seen, response)
        return
      }
      planned.times--
      if (planned.fault === 'reset') response.socket?.resetAndDestroy()
      else if (planned.fault === 'unanswered') this.#carryOut(seen)
      else if (planned.fault !== 'hang')
        send(response, failed(planned.fault.status, planned.fault.reason ?? 'Injected', planned.fault.retryAfter, planned.fault.message))
    })
  }

  #carryOut(request: SeenRequest): void {
    const location = locate(request.path)
    if (location === undefined) throw new Error(`${request.method} ${request.path} is about no object`)
    this.#write(request, location)
  }

  #answerInTime(request: SeenRequest, response: http.ServerResponse): void {
    if (this.delayMs === 0) {
      this.#answer(request, response)
      return
    }
    this.mostConcurrent = Math.max(this.mostConcurrent, ++this.#concurrent)
    setTimeout(() => {
      this.#concurrent--
      this.#answer(request, response)
    }, this.delayMs)
  }

  #answer(request: SeenRequest, response: http.ServerResponse): void {
    const document = this.documents.get(request.path)
    const location = locate(request.path)
    if (document !== undefined) send(response, succeeded(document))
    else if (location === undefined || this.absent.has(location.collection)) send(response, failed(404, 'NotFound'))
    else if (location.name !== '' || request.method !== 'GET') send(response, this.#write(request, location))
    else if (!acceptable(request)) send(response, failed(406, 'NotAcceptable'))
    else if (request.query.get('sendInitialEvents') === 'true') this.#streamList(request, response, location)
    else if (request.query.get('watch') === 'true') this.#watch(request, response, location)
    else send(response, this.#listPage(request, location))
  }

  #listPage(request: SeenRequest, { collection, namespace }: Location): Answer {
    const [snapshot, from] = (request.query.get('continue') ?? `${this.#version}:0`).split(':').map(Number)
    if (snapshot === undefined || from === undefined || snapshot < this.#oldest) return failed(410, 'Expired')
    const items = this.list(collection).filter((object) => selects(request.query, namespace, object))
    const until = from + Number(request.query.get('limit') ?? items.length)
    const metadata = { resourceVersion: String(snapshot), ...(until < items.length ? { continue: `${snapshot}:${until}` } : {}) }
    return succeeded({ kind: 'List', metadata, items: items.slice(from, until) })
  }

  #streamList({ query }: SeenRequest, response: http.ServerResponse, { collection, namespace }: Location): void {
    if (!this.streamsLists || query.get('resourceVersionMatch') !== 'NotOlderThan' || query.get('allowWatchBookmarks') !== 'true') {
      send(response, failed(422, 'Invalid'))
      return
    }
    const objects = this.list(collection).filter((object) => selects(query, namespace, object))
    const lines = objects.map((object) => eventLine({ type: 'ADDED', collection, version: this.#version, object }))
    const from = this.#version
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    response.write(lines.slice(0, this.streamedAtOnce).join(''))
    const watcher: Watcher = { collection, namespace, query, response }
    const finish = (): void => {
      response.write(lines.slice(this.streamedAtOnce).join(''))
      // What happened meanwhile comes before the end of the list: it ends at a version that the server has.
      for (const event of this.#events) if (event.version > from && concerns(event, watcher)) response.write(eventLine(event))
      const metadata = { resourceVersion: String(this.#version), annotations: { 'k8s.io/initial-events-end': 'true' } }
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata } })}\n`)
      this.watchers.add(watcher)
    }
    response.on('close', () => this.watchers.delete(watcher))
    if (lines.length > this.streamedAtOnce) this.#heldLists.push({ finish, response })
    else finish()
  }

  #watch(request: SeenRequest, response: http.ServerResponse, { collection, namespace }: Location): void {
    const from = Number(request.query.get('resourceVersion') ?? this.#version)
    if (from < this.#oldest) {
      send(response, failed(410, 'Expired'))
      return
    }
    const watcher: Watcher = { collection, namespace, query: request.query, response }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
    for (const event of this.#events) if (event.version > from && concerns(event, watcher)) response.write(eventLine(event))
    this.watchers.add(watcher)
    response.on('close', () => this.watchers.delete(watcher))
  }

  #write(request: SeenRequest, location: Location): Answer {
    const { collection, namespace, subresource } = location
    const body = isJsonObject(request.body) ? request.body : {}
    const name = location.name || stringAt(body, 'metadata', 'name')
    const current = this.get(collection, namespace, name)
    const identity = { name, ...(namespace === '' ? {} : { namespace }) }
    const apply = request.headers['content-type'] === 'application/apply-patch+yaml'
    if (request.method === 'POST') {
      if (current !== undefined) return failed(409, 'AlreadyExists')
      return succeeded(this.put(collection, { ...body, metadata: { ...(isJsonObject(body.metadata) ? body.metadata : {}), ...identity } }))
    }
    if (current === undefined && !(apply && subresource === '')) return failed(404, 'NotFound')
    const base: RawObject = current ?? { metadata: identity }
    if (request.method === 'GET') return succeeded(base)
    if (request.method === 'DELETE') {
      const wanted = fieldAt(body, 'preconditions', 'uid')
      if (wanted !== undefined && wanted !== base.metadata.uid) return failed(409, 'Conflict')
      this.remove(collection, namespace, name)
      return succeeded({ kind: 'Status', status: 'Success' })
    }
    const version = stringAt(body, 'metadata', 'resourceVersion')
    if (version !== '' && version !== base.metadata.resourceVersion) return failed(409, 'Conflict')
    const next = request.method === 'PUT' ? body : apply ? applyObject(base, body) : mergePatch(base, body)
    const status = base.status === undefined ? {} : { status: base.status }
    const kept = subresource === '' ? { ...next, ...status } : { ...base, status: next.status }
    const metadata = subresource === '' && isJsonObject(next.metadata) ? { ...next.metadata, ...identity } : base.metadata
    // What changes nothing makes no new version.
    const isSame = apply && current !== undefined && deepEqual({ ...kept, metadata }, current)
    return succeeded(isSame ? current : this.put(collection, { ...kept, metadata }))
  }
}

function locate(path: string): Location | undefined {
  const match = /^(\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path)
  if (match === null) return undefined
  const [, root = '', namespace = '', plural = '', name = '', subresource = ''] = match
  return { collection: `${root}/${plural}`, namespace, name: decodeURIComponent(name), subresource }
}

/** Metadata comes as a list of lists and as single objects of watches, and the server insists on the right word. */
function acceptable({ headers, query }: SeenRequest): boolean {
  const as = /as=(\w+)/.exec(headers.accept ?? '')?.[1]
  return as === undefined || as === (query.get('watch') === 'true' ? 'PartialObjectMetadata' : 'PartialObjectMetadataList')
}

function selects(query: URLSearchParams, namespace: string, object: RawObject): boolean {
  if (namespace !== '' && object.metadata.namespace !== namespace) return false
  const name = /^metadata\.name=(.*)$/.exec(query.get('fieldSelector') ?? '')?.[1]
  if (name !== undefined && name !== object.metadata.name) return false
  const labels = (query.get('labelSelector') ?? '').split(',').filter((term) => term !== '')
  return labels.every((term) => {
    const [label = '', value] = term.split('=')
    const actual = object.metadata.labels?.[label]
    return value === undefined ? actual !== undefined : actual === value
  })
}

function concerns(event: Event, watcher: Watcher): boolean {
  return event.collection === watcher.collection && selects(watcher.query, watcher.namespace, event.object)
}

function keyOf(object: RawObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

function eventLine(event: Event): string {
  return `${JSON.stringify({ type: event.type, object: event.object })}\n`
}

function succeeded(body: JsonObject): Answer {
  return { status: 200, headers: {}, body }
}

function failed(code: number, reason: string, retryAfter?: number, message = `fault ${reason}`): Answer {
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
  return { status: code, headers, body: { kind: 'Status', status: 'Failure', code, reason, message } }
}

function send(response: http.ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}
