/** One question to a web server: bounded in time and size, and only to whom we may ask. Redirects are not followed. */
import { type LookupAddress, lookup } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { addressProblem, type FetchRules, hostOf, urlProblem } from './destination.js'
import { FetchError } from './fetch-error.js'

/** How something is asked for. */
export interface GetOptions {
  readonly rules: FetchRules
  /** PEM; undefined: those of the system. */
  readonly authorities: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** A body of 200 that is longer is an error. */
  readonly maxBytes: number
  readonly timeoutMs: number
  /** How long the answer may take to begin; as long as it may take when left out. */
  readonly beginMs?: number
  readonly signal: AbortSignal
}

/** An answer. Only one of 200 has its body. */
export interface Answer {
  readonly status: number
  header(name: string): string | undefined
  readonly body: Buffer
}

const OK = 200

/** Asks once. Rejects with a `FetchError`, or with the error of the connection. */
export async function get(url: URL, options: GetOptions): Promise<Answer> {
  const { rules, authorities, headers = {}, timeoutMs } = options
  const problem = urlProblem(url, rules)
  if (problem !== undefined) throw new FetchError(problem)
  const host = hostOf(url)
  const wrongAddress = isIP(host) === 0 ? undefined : addressProblem(host, rules)
  if (wrongAddress !== undefined) throw new FetchError(wrongAddress)
  const silence = new AbortController()
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeoutMs), silence.signal])
  const isSecure = url.protocol === 'https:'
  const request = (isSecure ? https : http).request(url, {
    // A connection of its own: nothing is left behind.
    agent: false,
    headers: { 'user-agent': 'headgate', ...headers },
    lookup: checkedLookup(rules),
    signal,
    ...(isSecure ? { minVersion: 'TLSv1.2' as const, ...(authorities === undefined ? {} : { ca: authorities }) } : {}),
  })
  const begins = setTimeout(() => silence.abort(new DOMException('no answer began', 'TimeoutError')), options.beginMs ?? timeoutMs)
  request.once('response', () => clearTimeout(begins))
  try {
    return await answerOf(request, options.maxBytes)
  } catch (error) {
    // What the signal ends looks like a fault of the connection.
    throw signal.aborted && !(error instanceof FetchError) ? signal.reason : error
  } finally {
    clearTimeout(begins)
    request.destroy()
  }
}

/** An answer of 200, or why there is none. Throws `FetchError`. */
export function requireOk(answer: Answer): Answer {
  if (answer.status === OK) return answer
  const isRedirect = answer.status >= 300 && answer.status < 400 && answer.header('location') !== undefined
  throw new FetchError(isRedirect ? 'the server leads elsewhere: name the address that it leads to' : `the server answers ${answer.status}`)
}

function answerOf(request: http.ClientRequest, maxBytes: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.on('error', reject)
    request.once('response', (response) => {
      const status = response.statusCode ?? 0
      const header = (name: string): string | undefined => {
        const value = response.headers[name]
        return Array.isArray(value) ? value.join(', ') : value
      }
      response.on('error', reject)
      if (status !== OK) {
        resolve({ status, header, body: Buffer.alloc(0) })
        return
      }
      const tooMuch = new FetchError(`it is larger than ${maxBytes} bytes`)
      if (Number(header('content-length') ?? 0) > maxBytes) {
        reject(tooMuch)
        return
      }
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > maxBytes) reject(tooMuch)
        else chunks.push(chunk)
      })
      response.once('aborted', () => reject(new FetchError('the connection was closed')))
      response.once('end', () => resolve({ status, header, body: Buffer.concat(chunks) }))
    })
    request.end()
  })
}

/** Looks a name up and refuses it when one of its addresses is one that is never asked: who answers for a name could change their mind. */
function checkedLookup(rules: FetchRules): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const [first] = addresses ?? []
      if (error !== null || first === undefined) {
        callback(error ?? new FetchError('its name is not known'), '', 0)
        return
      }
      const problem = addresses.flatMap(({ address }) => addressProblem(address, rules) ?? [])[0]
      if (problem !== undefined) callback(new FetchError(problem), '', 0)
      else if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}
