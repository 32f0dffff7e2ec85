/** What becomes of a request, as people read it: from the client to the backend, a line for each step. */
import type { StatusReport } from '../../admin/sources.js'
import type { AnswerOutcome, Outcome, RedirectOutcome } from '../../explain/explanation.js'
import { defaultPort, type Question } from '../../explain/question.js'
import { describeRouteName } from '../../explain/route-name.js'
import { describeObject } from '../../util/object-ref.js'
import { shortened } from '../../util/shortened.js'
import type { ExplainedRequest } from '../explained-request.js'
import { complaints } from '../object-health.js'
import { proxyTrouble } from '../proxy-trouble.js'
import { unservedListeners } from '../unserved.js'
import { printable } from './printable.js'
import type { Style } from './style.js'

/** How many of many are printed. */
const MOST = 10

/** The text of explanations. `report` is about all objects, where something is not served and one of them may say why. */
export function printExplanation(question: Question, explained: readonly ExplainedRequest[], report: StatusReport, style: Style): string {
  if (explained.length === 0) return printLines(nothing(question, report, style), style)
  const serving = explained.filter(isServing)
  const shown = serving.length === 0 ? explained : serving
  const elsewhere = explained.filter((each) => !shown.includes(each)).flatMap(({ gateways }) => gateways)
  const texts = shown.map((each) => printLines(linesOf(question, each, report, style), style))
  return [...texts, ...(elsewhere.length === 0 ? [] : [printLines(column('elsewhere', [notServing(elsewhere)]), style)])].join('\n')
}

/** True where a route, or a backend of a connection, is found. */
function isServing({ outcomes }: ExplainedRequest): boolean {
  return outcomes.some(({ route, does }) => route !== undefined || does === 'stream')
}

function notServing(gateways: readonly string[]): string {
  const named = few(gateways).join(', ')
  return gateways.length === 1
    ? `${named} listens on this port too, and has nothing for it`
    : `${named} listen on this port too, and have nothing for it`
}

function printLines(lines: readonly Line[], style: Style): string {
  return lines.map(({ title, text }) => `${style.faint(title.padEnd(TITLE_WIDTH))}${printable(text)}\n`).join('')
}

const TITLE_WIDTH = 12

/** Of values of policies; `gatewayctl get policies` has them whole. */
const VALUE_LENGTH = 160

interface Line {
  readonly title: string
  readonly text: string
}

function nothing(question: Question, report: StatusReport, style: Style): readonly Line[] {
  return [
    { title: style.bad('no listener'), text: noListener(question) },
    ...column('not served', few(unservedListeners(question, report))),
  ]
}

function noListener({ scheme, port, gateway }: Question): string {
  const what = `listener for ${scheme === 'udp' ? 'UDP' : 'TCP'} on port ${port} that is served`
  const who = gateway === undefined ? `No Gateway has a ${what}` : `The Gateway ${gateway} is not there, or has no ${what}`
  return `${who}. gatewayctl status shows where Gateways listen.`
}

function linesOf(question: Question, each: ExplainedRequest, report: StatusReport, style: Style): readonly Line[] {
  return [
    ...column('request', [requestLine(question, each)]),
    ...column('listener', [`${each.gateways.join(', ') || each.listener} on ${each.addresses.join(', ')}${chainOf(each)}`]),
    ...(each.seen === undefined ? [] : column('host', hostLines(each, style))),
    ...column(
      'result',
      each.outcomes.flatMap((outcome) => outcomeLines(outcome, each, style)),
    ),
    ...column('because', few(each.because)),
    ...column('passed over', few(each.passedOver.map(({ route, because }) => `${routeText(route, each)}: ${because}`))),
    ...column('later', few(each.behind.map((route) => `${routeText(route, each)} would take it too`))),
    ...column(
      'policies',
      each.policies.flatMap((field) => policyLines(field, report, style)),
    ),
    ...column('not served', few(each.unserved)),
    ...column('notes', each.notes),
    ...column('proxies', proxyLines(each, style)),
  ]
}

/** The title stands before the first line. */
function column(title: string, texts: readonly string[]): readonly Line[] {
  return texts.map((text, at) => ({ title: at === 0 ? title : '', text }))
}

function few(texts: readonly string[]): readonly string[] {
  return texts.length <= MOST ? texts : [...texts.slice(0, MOST), `and ${texts.length - MOST} more (-o yaml has all)`]
}

function requestLine({ scheme, method, host, port, path }: Question, { seen }: ExplainedRequest): string {
  if (scheme === 'tcp' || scheme === 'tls' || scheme === 'udp') return `${scheme}://${host}:${port}`
  const name = host.includes(':') ? `[${host}]` : host
  const asSent = `${method} ${scheme}://${name}${port === defaultPort(scheme) ? '' : `:${port}`}${path}`
  return seen === undefined || seen.path === path || seen.path === '' ? asSent : `${asSent}, which routes see as ${seen.path}`
}

function chainOf({ filterChain }: ExplainedRequest): string {
  return filterChain === undefined ? '' : `, filter chain ${filterChain}`
}

function hostLines({ seen, domain, coveringDomains, otherDomains }: ExplainedRequest, style: Style): readonly string[] {
  const host = seen?.host ?? ''
  if (domain !== undefined) {
    const covering = coveringDomains.length === 0 ? '' : style.faint(` (before ${coveringDomains.join(', ')})`)
    return [`${domain === host ? host : `${host}, served as ${domain}`}${covering}`]
  }
  return [`${host}: ${otherDomains.length === 0 ? 'no host is served here' : `served are ${few(otherDomains).join(', ')}`}`]
}

function outcomeLines(outcome: Outcome, each: ExplainedRequest, style: Style): readonly string[] {
  const share = each.outcomes.length === 1 ? '' : `${percent(outcome.share)}: `
  const by = outcome.route === undefined ? [] : [`  by ${routeText(outcome.route, each)}`]
  const filters = outcome.filters.map((name) => name.replace(/^envoy\.filters\.http\./, ''))
  const through =
    filters.length === 0
      ? []
      : [`  through ${filters.join(', ')}${filters.length === 1 ? ', which' : ', each of which'} may answer by itself`]
  return [`${share}${doesLine(outcome, style)}`, ...by, ...through, ...detailLines(outcome, each)]
}

/** A route by its object and field, and by its file where it has one. */
function routeText(route: string, { places }: ExplainedRequest): string {
  const place = places[route]
  return place === undefined ? describeRouteName(route) : `${describeRouteName(route)} (${place})`
}

function doesLine(outcome: Outcome, style: Style): string {
  switch (outcome.does) {
    case 'forward':
    case 'stream':
      return style.good(`goes to ${outcome.cluster}${outcome.isTls ? ' over TLS' : ''}`)
    case 'redirect':
      return outcome.grpcStatus === undefined
        ? style.good(`${outcome.status}, sent to ${outcome.location}`)
        : style.bad(`${statusText(outcome)}: sent to ${outcome.location}, where clients of gRPC do not go`)
    case 'answer':
      return (outcome.status < 400 ? style.good : style.bad)(
        `${statusText(outcome)}: ${outcome.because}${outcome.body === undefined ? '' : `: ${outcome.body}`}`,
      )
    case 'close':
      return style.bad(`the connection is closed: ${outcome.because}`)
    case 'drop':
      return style.bad(`datagrams are dropped: ${outcome.because}`)
  }
}

function statusText({ status, grpcStatus }: AnswerOutcome | RedirectOutcome): string {
  return grpcStatus === undefined ? `${status}` : `200 with grpc-status ${grpcStatus}`
}

function detailLines(outcome: Outcome, { seen }: ExplainedRequest): readonly string[] {
  if (outcome.does !== 'forward' && outcome.does !== 'stream') return []
  const endpoints = few(
    outcome.endpoints.map(
      ({ address, health, priority }) =>
        `${address}${priority === 0 ? '' : ` (priority ${priority})`}${health === 'healthy' ? '' : ` (${health})`}`,
    ),
  )
  const at = { dns: 'names that the proxy looks up', request: 'whatever host the request names' }
  const places = outcome.foundBy === undefined ? endpoints : [at[outcome.foundBy], ...endpoints]
  const where = places.length === 0 ? '  no endpoint' : `  at ${places.join(', ')}`
  if (outcome.does === 'stream') return [where]
  const { host, path, timeoutMs, retries, mirrors } = outcome
  return [
    where,
    `  as ${seen?.method} ${path}, host ${host ?? 'as the endpoint is named'}`,
    ...(timeoutMs === undefined ? [] : [`  504 after ${timeoutMs} ms`]),
    ...(retries === undefined ? [] : [`  tried again ${retries.times === 1 ? 'once' : `up to ${retries.times} times`} on ${retries.on}`]),
    ...(mirrors.length === 0 ? [] : [`  copied to ${mirrors.join(', ')}`]),
  ]
}

function policyLines(
  { kind, field, value, policy, state, rule }: ExplainedRequest['policies'][number],
  { objects }: StatusReport,
  style: Style,
): readonly string[] {
  const where = `${field === '' ? kind : `${kind} ${field}`}${rule === undefined ? '' : ` (rule ${rule})`}`
  if (state !== 'broken') return [`${where}: ${shortened(JSON.stringify(value), VALUE_LENGTH)} by ${policy.slice(policy.indexOf('/') + 1)}`]
  const own = objects.filter(({ object }) => describeObject(object) === policy).flatMap(complaints)
  return [`${style.bad('cannot be used:')} ${policy}`, ...few(own.map((complaint) => `  ${complaint}`))]
}

function proxyLines({ proxies }: ExplainedRequest, style: Style): readonly string[] {
  if (proxies.length === 0) return []
  const troubled = proxies
    .map(({ node, types }) => ({ node, trouble: proxyTrouble(types, style) }))
    .filter(({ trouble }) => trouble.length > 0)
  const have = proxies.length - troubled.length
  const count = `${have} of ${proxies.length} run this configuration`
  return [
    have === proxies.length ? style.good(count) : style.waiting(count),
    ...few(troubled.map(({ node, trouble }) => `${node}: ${trouble.join('; ')}`)),
  ]
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`
}
