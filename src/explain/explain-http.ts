/** The part of an explanation that is about HTTP: what the request becomes, its host, its routes. */
import { Enum } from '../gen/envoy/enums.js'
import type { envoy } from '../gen/envoy/types.js'
import type { GroupConfiguration } from './configuration.js'
import type { AnswerOutcome, Explanation, Outcome, RedirectOutcome } from './explanation.js'
import { normalizePath } from './normalize-path.js'
import { outcomesOf } from './outcomes.js'
import { defaultPort, type Question } from './question.js'
import { isUnreachable, mismatch, shareOf } from './route-match.js'
import { seenHeaders } from './seen-headers.js'
import { headersByName, isGrpc, type SeenRequest } from './seen-request.js'
import { findVirtualHost, hostOf } from './virtual-host.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
type Route = envoy.config.route.v3.Route

/** What there is to say behind the choice of a filter chain. */
export type HttpPart = Pick<Explanation, 'seen' | 'domain' | 'coveringDomains' | 'otherDomains' | 'passedOver' | 'behind' | 'outcomes'>

const UNDERSCORES = Enum['envoy.config.core.v3.HttpProtocolOptions.HeadersWithUnderscoresAction']

const NOTHING: HttpPart = {
  seen: undefined,
  domain: undefined,
  coveringDomains: [],
  otherDomains: [],
  passedOver: [],
  behind: [],
  outcomes: [],
}

/** Follows a request through an HTTP connection manager. */
export function explainHttp(configuration: GroupConfiguration, manager: HttpConnectionManager, question: Question): HttpPart {
  const isCall = isGrpc(headersByName(question.headers))
  const refused = unknownMethod(question) ?? underscored(manager, question)
  if (refused !== undefined) return refusal(refused, isCall)
  const path = question.method === 'CONNECT' ? ({ kind: 'path', path: '' } as const) : normalizePath(manager, question.path)
  if (path.kind === 'refused') return refusal(path.because, isCall)
  if (path.kind === 'redirect') {
    if (isCall) return refusal('its path has an escaped slash (%2F or %5C), and calls of gRPC are not redirected', isCall)
    return { ...NOTHING, outcomes: [byProxy({ does: 'redirect', status: 307, location: path.path })] }
  }

  const request = seenBy(manager, question, path.path)
  const seen = { method: request.method, host: hostOf(request.authority), path: request.path }
  const toClient = isGrpc(request.headers) ? asGrpc : (outcome: Outcome) => outcome
  const { virtualHost, ofAll, covering, others } = findVirtualHost(configuration, manager, seen.host)
  if (virtualHost === undefined) {
    const because = `no route serves the host ${seen.host}`
    return {
      ...NOTHING,
      seen,
      otherDomains: others,
      outcomes: [toClient(byProxy({ does: 'answer', status: 404, body: undefined, because }))],
    }
  }
  const choice = chooseRoutes(virtualHost.routes ?? [], request)
  const outcomes = choice.chosen.flatMap(({ route, share }) =>
    outcomesOf({ configuration, manager, ofAll, virtualHost, request }, route, share).map((outcome) => byNoRule(route, outcome)),
  )
  const missed = 1 - choice.chosen.reduce((sum, { share }) => sum + share, 0)
  return {
    seen,
    domain: virtualHost.domains?.[0],
    coveringDomains: covering,
    otherDomains: [],
    passedOver: choice.passedOver,
    behind: choice.behind,
    outcomes: (missed <= 0 ? outcomes : [...outcomes, { ...byProxy(NO_ROUTE), share: missed }]).map(toClient),
  }
}

/** Before routes are looked for. Over HTTP/2 some such requests are reset, of which clients of gRPC make the same code. */
function refusal(because: string, isCall: boolean): HttpPart {
  const outcome = byProxy({ does: 'answer', status: 400, body: undefined, because })
  return { ...NOTHING, outcomes: [isCall ? asGrpc(outcome) : outcome] }
}

const NO_ROUTE: AnswerOutcome = { does: 'answer', status: 404, body: undefined, because: 'no route of the host is what the request wants' }

/** Routes that hosts end with, by their names, and why they answer: they are of no rule. */
const ENDS: ReadonlyMap<string, string> = new Map([
  ['not-found', NO_ROUTE.because],
  ['misdirected', 'another listener serves the host: a client must connect anew, and name it as the server (SNI)'],
  ['unknown', 'a file that could not be read may have routes of the host: gatewayctl status names it'],
])

function byNoRule({ name = '' }: Route, outcome: Outcome): Outcome {
  const because = ENDS.get(name)
  return because === undefined || outcome.does !== 'answer' ? outcome : { ...outcome, route: undefined, because }
}

function byProxy<What extends AnswerOutcome | RedirectOutcome>(outcome: What): Outcome {
  return { share: 1, route: undefined, filters: [], ...outcome }
}

/** What Envoy makes of the status of an answer of its own to gRPC. Source: envoy/source/common/grpc/status.cc, `httpToGrpcStatus`. */
const GRPC_STATUS: Readonly<Record<number, number>> = { 400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14 }

/** What has no status of its own in gRPC. */
const UNKNOWN = 2

function asGrpc(outcome: Outcome): Outcome {
  return outcome.does === 'answer' || outcome.does === 'redirect'
    ? { ...outcome, grpcStatus: GRPC_STATUS[outcome.status] ?? UNKNOWN }
    : outcome
}

/** Methods that Envoy takes by HTTP/1. Source: envoy/source/common/http/http1/balsa_parser.cc. */
const METHODS: ReadonlySet<string> = new Set(
  [
    'ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK MERGE MKACTIVITY MKCALENDAR MKCOL MOVE MSEARCH NOTIFY OPTIONS PATCH POST',
    'PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE',
  ].flatMap((line) => line.split(' ')),
)

/** Over TLS clients may speak HTTP/2, which knows every method. */
function unknownMethod({ scheme, method }: Question): string | undefined {
  return scheme === 'http' && !METHODS.has(method) ? `HTTP/1 of proxies knows no method ${method}` : undefined
}

/** HTTP/1 names underscores that some servers take for dashes. */
function underscored({ commonHttpProtocolOptions }: HttpConnectionManager, { headers }: Question): string | undefined {
  if (commonHttpProtocolOptions?.headersWithUnderscoresAction !== UNDERSCORES.REJECT_REQUEST) return undefined
  const name = headers.find(([each]) => each.includes('_'))?.[0]
  return name === undefined ? undefined : `the name of the header ${name} has an underscore`
}

function seenBy(manager: HttpConnectionManager, { scheme, host, port, method, headers }: Question, path: string): SeenRequest {
  const own = headers.filter(([name]) => name.toLowerCase() !== 'host')
  const named = host.includes(':') ? `[${host}]` : host
  const authority =
    headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? (port === defaultPort(scheme) ? named : `${named}:${port}`)
  return {
    method,
    authority: manager.stripTrailingHostDot === true ? authority.replace(/\.(:\d*)?$/, '$1') : authority,
    path,
    ...seenHeaders(manager, own, scheme === 'https' || scheme === 'tls' ? 'https' : 'http'),
  }
}

interface Choice {
  readonly chosen: readonly { readonly route: Route; readonly share: number }[]
  readonly passedOver: Explanation['passedOver']
  readonly behind: readonly string[]
}

/** Envoy compares all shares of a request with the same random number. */
function chooseRoutes(routes: readonly Route[], request: SeenRequest): Choice {
  const chosen: { route: Route; share: number }[] = []
  const passedOver = new Map<string, string>()
  const behind = new Set<string>()
  let taken = 0
  for (const route of routes) {
    const { name = '', match = { prefix: '/' } } = route
    if (isUnreachable(match)) continue
    const because = mismatch(match, request)
    if (because !== undefined) {
      // What a request lacks that is no upgrade says nothing about the rule.
      if (taken === 0 && !passedOver.has(name)) passedOver.set(name, because)
      continue
    }
    if (taken >= 1) behind.add(name)
    else {
      const upTo = shareOf(match)
      if (upTo > taken) chosen.push({ route, share: upTo - taken })
      taken = Math.max(taken, upTo)
    }
  }
  for (const { route } of chosen) {
    passedOver.delete(route.name ?? '')
    behind.delete(route.name ?? '')
  }
  return {
    chosen,
    passedOver: [...passedOver].map(([route, because]) => ({ route, because })),
    behind: [...behind].filter((name) => !ENDS.has(name)),
  }
}
