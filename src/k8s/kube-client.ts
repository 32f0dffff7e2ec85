/** Requests to the API server as JSON, and streams of lines for watches. */

import { linkedController } from './abort.js'
import { connectTransport } from './connect.js'
import { type KubeCredentials, type ResolvedCredentials, sameConnection } from './credentials.js'
import { hasStatus, KubeApiError, KubeConnectionError } from './kube-error.js'
import { isJsonObject, type JsonObject, stringAt } from './kube-json.js'
import { ServerHistory } from './server-history.js'
import { StreamedLists } from './streamed-lists.js'
import type { Transport, TransportResponse } from './transport.js'
import { Turns } from './turns.js'

/** How a body is meant. */
export const CONTENT_TYPE = {
  json: 'application/json',
  mergePatch: 'application/merge-patch+json',
  jsonPatch: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

/** Asks for names and metadata only, in lists and in watches: the rest of the objects never leaves the server. */
export const ACCEPT_METADATA_ONLY = {
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  watch: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
} as const

/** One request; undefined query values are left out. */
export interface KubeRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  readonly contentType?: string
  readonly accept?: string
}

/** An answer that took longer than this is a failure; watches are not answered but streamed. */
const REQUEST_TIMEOUT_MS = 30_000

/** A change may wait for webhooks. The API server gives up after 60 s and then says what it waited for. */
const CHANGE_TIMEOUT_MS = 65_000

/** Talks to one API server. Retries nothing but a refused credential, once: whoever calls knows what a repetition means. */
export class KubeClient {
  /** What is known of the server's streamed lists. */
  readonly streamedLists: StreamedLists = new StreamedLists()
  /** Whether the server goes on from what it said before. */
  readonly history: ServerHistory = new ServerHistory()
  /** For whoever handles much of what was read: lists come together. */
  readonly turns: Turns = new Turns()
  readonly #credentials: KubeCredentials
  readonly #userAgent: string
  readonly #beforeChange = new Set<() => void>()
  #connection: { readonly credentials: ResolvedCredentials; readonly transport: Transport } | undefined

  constructor(credentials: KubeCredentials, userAgent: string) {
    this.#credentials = credentials
    this.#userAgent = userAgent
  }

  /**
   * Sends a request and reads the whole answer.
   *
   * @throws KubeApiError when the server refuses, KubeConnectionError when it does not answer
   */
  async json(request: KubeRequest, signal: AbortSignal, timeoutMs: number = patienceMs(request)): Promise<JsonObject> {
    if (isChange(request)) for (const listener of this.#beforeChange) listener()
    return this.#bounded(signal, timeoutMs, request, async (bounded) => {
      const response = await this.#accepted(request, bounded)
      const body: unknown = JSON.parse((await readAll(response)) || '{}')
      return isJsonObject(body) ? body : {}
    })
  }

  /**
   * The object at this path; undefined where the server has none.
   *
   * @throws KubeApiError when the server refuses, KubeConnectionError when it does not answer
   */
  async find(path: string, signal: AbortSignal, timeoutMs?: number): Promise<JsonObject | undefined> {
    try {
      return await this.json({ path }, signal, timeoutMs)
    } catch (error) {
      if (hasStatus(error, 404)) return undefined
      throw error
    }
  }

  /**
   * Sends a request and hands over the body while it arrives; stopping to read ends the request.
   *
   * @throws KubeApiError when the server refuses, KubeConnectionError when it does not answer
   */
  async stream(request: KubeRequest, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    signal.throwIfAborted()
    try {
      return (await this.#accepted(request, signal)).body
    } catch (error) {
      throw asKubeError(describe(request), error, signal)
    }
  }

  /** Has somebody told right before a request that may change something, whose signal they may still abort. Returns how to end that. */
  beforeChange(listener: () => void): () => void {
    this.#beforeChange.add(listener)
    return () => this.#beforeChange.delete(listener)
  }

  /** Ends every connection. */
  close(): void {
    this.#connection?.transport.close()
    this.#connection = undefined
  }

  async #bounded<T>(signal: AbortSignal, timeoutMs: number, request: KubeRequest, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    using link = linkedController(signal)
    const { controller } = link
    // Whose time ran out before they asked have none.
    const patienceMs = Math.max(timeoutMs, 0)
    const timer = setTimeout(() => controller.abort(new Error(`no complete answer within ${patienceMs} ms`)), patienceMs)
    try {
      return await work(controller.signal)
    } catch (error) {
      throw asKubeError(describe(request), controller.signal.aborted && !signal.aborted ? controller.signal.reason : error, signal)
    } finally {
      clearTimeout(timer)
    }
  }

  async #accepted(request: KubeRequest, signal: AbortSignal): Promise<TransportResponse> {
    const response = await this.#send(request, signal)
    if (response.status !== 401) return successful(request, response)
    // The token may have been rotated since it was read: forget it and try once more.
    await readAll(response)
    this.#credentials.invalidate()
    return successful(request, await this.#send(request, signal))
  }

  async #send(request: KubeRequest, signal: AbortSignal): Promise<TransportResponse> {
    const credentials = await this.#credentials.resolve()
    if (this.#connection === undefined || !sameConnection(this.#connection.credentials, credentials)) {
      // Watches on the old connection go on until the server ends them; only new requests use the new identity.
      this.#connection = { credentials, transport: connectTransport(credentials.server, credentials.tls, credentials.proxyAgent) }
    }
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body))
    return this.#connection.transport.send({
      method: request.method ?? 'GET',
      path: pathWithQuery(credentials.server, request),
      headers: {
        accept: request.accept ?? CONTENT_TYPE.json,
        'user-agent': this.#userAgent,
        ...(body === undefined ? {} : { 'content-type': request.contentType ?? CONTENT_TYPE.json }),
        ...credentials.headers,
      },
      body,
      signal,
    })
  }
}

function isChange({ method = 'GET' }: KubeRequest): boolean {
  return method !== 'GET'
}

function patienceMs({ method = 'GET' }: KubeRequest): number {
  return method === 'PATCH' || method === 'DELETE' ? CHANGE_TIMEOUT_MS : REQUEST_TIMEOUT_MS
}

function pathWithQuery(server: URL, request: KubeRequest): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(request.query ?? {})) if (value !== undefined) query.set(name, String(value))
  const text = query.toString()
  // A server behind a path, such as a Rancher cluster, keeps its prefix.
  const prefix = server.pathname === '/' ? '' : server.pathname.replace(/\/$/, '')
  return `${prefix}${request.path}${text === '' ? '' : `?${text}`}`
}

async function successful(request: KubeRequest, response: TransportResponse): Promise<TransportResponse> {
  if (response.status >= 200 && response.status < 300) return response
  const text = await readAll(response)
  const status = parseStatus(text)
  const retryAfter = Number(response.header('retry-after'))
  throw new KubeApiError(
    describe(request),
    response.status,
    stringAt(status, 'reason'),
    stringAt(status, 'message') || text.slice(0, 200),
    Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined,
  )
}

function parseStatus(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Proxies in front of the API server answer with HTML or plain text.
    return undefined
  }
}

async function readAll(response: TransportResponse): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response.body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function describe(request: KubeRequest): string {
  return `${request.method ?? 'GET'} ${request.path}`
}

function asKubeError(request: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  return error instanceof KubeApiError ? error : new KubeConnectionError(request, error)
}
