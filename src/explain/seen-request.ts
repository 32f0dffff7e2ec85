/** A request as the routes of Envoy see it: behind everything that is done to it before a route is looked for. */

/** What matchers read. */
export interface SeenRequest {
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** As it is matched against headers: with its port. */
  readonly authority: string
  /** Normalized, with its query; empty for CONNECT. */
  readonly path: string
  /** By lower-case name, in their order. */
  readonly headers: ReadonlyMap<string, readonly string[]>
}

/** The values of a header, or of what Envoy keeps like one: `:method`, `:path`, `:authority`, `:scheme`. */
export function headerOf(request: SeenRequest, name: string): readonly string[] {
  switch (name) {
    case ':method':
      return [request.method]
    case ':path':
      return request.path === '' ? [] : [request.path]
    case ':authority':
    case 'host':
      return [request.authority]
    case ':scheme':
      return [request.scheme]
    default:
      return request.headers.get(name) ?? []
  }
}

/** True for headers that say that the request is gRPC. */
export function isGrpc(headers: SeenRequest['headers']): boolean {
  const [type = ''] = headers.get('content-type') ?? []
  return type === 'application/grpc' || /^application\/grpc[+;]/.test(type)
}

/** A path without what follows a `?`. */
export function withoutQuery(path: string): string {
  const at = path.indexOf('?')
  return at < 0 ? path : path.slice(0, at)
}

/** What follows the first `?`, with it; empty where there is none. */
export function queryOf(path: string): string {
  const at = path.indexOf('?')
  return at < 0 ? '' : path.slice(at)
}

/** Headers by their names. */
export function headersByName(headers: Iterable<readonly [name: string, value: string]>): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, string[]>()
  for (const [name, value] of headers) {
    const key = name.toLowerCase()
    const before = named.get(key)
    if (before === undefined) named.set(key, [value])
    else before.push(value)
  }
  return named
}
