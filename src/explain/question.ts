/** What is asked: a request that somebody sends, or would send. */

/** How the client speaks. `tls` and `tcp` are connections that are not about HTTP, `udp` are datagrams. */
export type Scheme = 'http' | 'https' | 'tcp' | 'tls' | 'udp'

/** A request as its client writes it. */
export interface Question {
  readonly scheme: Scheme
  /** Where the client connects to, and what it calls the server by TLS: a name, or an address without brackets. */
  readonly host: string
  /** The port of the URL: that of a listener, or the one that proxies have bound for it. */
  readonly port: number
  readonly method: string
  /** With its query, as it is sent. */
  readonly path: string
  /** In their order; a `host` among them is what the request names, whatever the URL says. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** `<namespace>/<name>`: of this Gateway only. */
  readonly gateway?: string
  /** The client's address, where it matters who asks. */
  readonly from?: string
}

/** The schemes. */
export const SCHEMES: readonly Scheme[] = ['http', 'https', 'tcp', 'tls', 'udp']

/** The port of a URL that names none; undefined where it must name one. */
export function defaultPort(scheme: Scheme): number | undefined {
  return { http: 80, https: 443, tls: 443, tcp: undefined, udp: undefined }[scheme]
}

/** Reads what a program sent as JSON. Throws `TypeError` that says what is wrong with it. */
export function readQuestion(text: string): Question {
  const value = parsed(text)
  const { scheme, host, port, method, path, headers, gateway, from } = value
  if (!SCHEMES.some((each) => each === scheme)) throw new TypeError(`scheme must be one of ${SCHEMES.join(', ')}`)
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) throw new TypeError('port must be from 1 to 65535')
  return {
    scheme: scheme as Scheme,
    host: textOf('host', host),
    port,
    method: textOf('method', method),
    path: textOf('path', path),
    headers: headersOf(headers),
    ...(gateway === undefined ? {} : { gateway: textOf('gateway', gateway) }),
    ...(from === undefined ? {} : { from: textOf('from', from) }),
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new TypeError('the request is no JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('the request must be an object')
  return value as Readonly<Record<string, unknown>>
}

function textOf(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a text`)
  return value
}

function headersOf(value: unknown): Question['headers'] {
  if (!Array.isArray(value)) throw new TypeError('headers must be a list of pairs')
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new TypeError('headers must be a list of pairs')
    return [textOf('the name of a header', pair[0]), textOf('the value of a header', pair[1])] as const
  })
}
