/**
 * What `gatewayctl explain` says of a request, and what it has to say: not only what happened this time, but everything that may, and how often.
 */
import type { Explanation, Outcome } from '../../src/explain/explanation.js'
import type { Question } from '../../src/explain/question.js'
import type { GatewayPlace } from '../support/standalone.js'
import { codeOf, comparable } from './deeds.js'
import { isCall, type Request } from './objects.js'
import type { Verdict } from './verdict.js'

/** One way in which a request may end. */
export interface Told {
  /** From 0 to 1. */
  readonly share: number
  /** As text, so that the same way is known again. */
  readonly what: string
}

/** The names of backends. */
export interface Named {
  /** By `address:port` of its endpoint. */
  at(address: string): string
  /** By the name of a cluster of it. */
  behind(cluster: string): string
}

/** What is asked about a request. */
export function questionOf({ host, serverName, method, path, query, headers }: Request, { address, port }: GatewayPlace): Question {
  return {
    scheme: serverName === undefined ? 'http' : 'https',
    host: serverName ?? address,
    port,
    method,
    path: query === '' ? path : `${path}?${query}`,
    headers: [['host', host], ...Object.entries(headers)],
  }
}

/** What is said. */
export function toldBy({ outcomes }: Explanation, request: Request, named: Named): readonly Told[] {
  return together(outcomes.map((outcome) => ({ share: outcome.share, what: describe(outcome, request, named) })))
}

/** What has to be said. */
export function toldOf(verdict: Verdict, request: Request): readonly Told[] {
  const status = (code: number): string => `answers ${isCall(request) ? `call ${codeOf(code)}` : code}`
  switch (verdict.does) {
    case 'close':
      return [{ share: 1, what: 'closes' }]
    case 'answer':
      return [{ share: 1, what: status(verdict.status) }]
    case 'redirect':
      return [{ share: 1, what: `redirects ${verdict.status} ${comparable(verdict.location, request)}` }]
    case 'forward': {
      const total = verdict.backends.reduce((sum, { weight }) => sum + weight, 0)
      return together(
        verdict.backends.map(({ backend, error, weight, host, path }) => ({
          share: weight / total,
          what: backend === undefined ? status(error) : forwards(backend, host, path, verdict.mirrors),
        })),
      )
    }
  }
}

function describe(outcome: Outcome, request: Request, named: Named): string {
  switch (outcome.does) {
    case 'forward': {
      const { endpoints, host = '', path, mirrors } = outcome
      return forwards(endpoints.map(({ address }) => named.at(address)).join(), host, path, mirrors.map(named.behind))
    }
    case 'redirect':
      return `redirects ${outcome.status} ${comparable(outcome.location, request)}`
    case 'answer':
      return `answers ${outcome.grpcStatus === undefined ? outcome.status : `call ${outcome.grpcStatus}`}`
    case 'close':
      return 'closes'
    default:
      throw new Error(`there is HTTP only: ${outcome.does}`)
  }
}

function forwards(backend: string, host: string, path: string, mirrors: readonly string[]): string {
  return `asks ${backend} as ${host} for ${path}, copies to ${[...mirrors].sort().join(' and ') || 'nobody'}`
}

/** Whether the same is said. Proxies know shares in millionths. */
export function isSame(a: readonly Told[], b: readonly Told[]): boolean {
  return a.length === b.length && a.every(({ what, share }, at) => what === b[at]?.what && Math.abs(share - b[at].share) < 1e-5)
}

function together(all: readonly Told[]): readonly Told[] {
  const shares = new Map<string, number>()
  for (const { share, what } of all) shares.set(what, (shares.get(what) ?? 0) + share)
  return [...shares].map(([what, share]) => ({ what, share })).sort((a, b) => (a.what < b.what ? -1 : 1))
}
