/**
 * How much of the configuration of proxies the rules of a route take. A rule stands there once for each of its matches on each host, and for some
 * of what it does several times over: without a limit an object of 30 kB became 550 MB for each listener, which neither proxies nor their
 * neighbours' routes survive.
 */
import type { Forward } from '../../ir/forward.js'
import type { RateLimit, RateLimitPart } from '../../ir/request-traffic.js'
import { Sensitive } from '../../ir/sensitive.js'
import type { SpecificMatch } from './request-matches.js'
import type { RuleEffect, RuleOutcome } from './route-rules.js'

/** How much a route may take on each listener, over all its hosts. */
export const MAX_ROUTE_BYTES: number = 16 * 1024 * 1024

/** The room that the rules of one route have left. */
export class Room {
  readonly #hosts: number
  #left: number

  /** @param hostnames how many the route has */
  constructor(hostnames: number) {
    this.#hosts = Math.max(1, hostnames)
    this.#left = MAX_ROUTE_BYTES
  }

  /** Why a rule does not fit behind those that were asked about before; undefined where it does, and has its part from then on. */
  problemOf(matches: readonly SpecificMatch[], { effect, unreached }: Pick<RuleOutcome, 'effect' | 'unreached'>): string | undefined {
    const bytes = this.#hosts * ruleBytes(matches, unreached === undefined ? [effect] : [effect, unreached])
    if (bytes <= this.#left) {
      this.#left -= bytes
      return undefined
    }
    const parts = `${matches.length} matches${this.#hosts === 1 ? '' : ` on ${this.#hosts} hosts`}`
    const limits = `${mebibytes(bytes)} where ${mebibytes(this.#left)} of ${mebibytes(MAX_ROUTE_BYTES)} are left`
    return `what it does stands in proxies once for each of ${parts}, and takes ${limits}. Its requests get an error: use fewer of them, or more routes.`
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

/**
 * Roughly the bytes that a rule takes on one host.
 *
 * @param effects what its requests get, and what stands behind that without being reached
 */
function ruleBytes(matches: readonly SpecificMatch[], effects: readonly RuleEffect[]): number {
  const ofMatches = matches.reduce((sum, { match }) => sum + sizeOf(match), 0)
  return effects.reduce((sum, effect) => sum + formsOf(effect) * ofMatches + matches.length * effectBytes(effect), 0)
}

/** A route of Envoy without anything that a user wrote. */
const PLAIN_ROUTE = 150

function effectBytes({ requestHeaders, responseHeaders, action, ...policies }: RuleEffect): number {
  const headers = sizeOf(requestHeaders) + sizeOf(responseHeaders)
  const ofPolicies = sizeOf(policies) + limitBytes(policies.traffic?.rateLimit)
  if (action.kind !== 'forward') return 2 * (PLAIN_ROUTE + headers + ofPolicies + sizeOf(action))
  const { clusters, ...forward } = action
  const each = PLAIN_ROUTE + ofPolicies + sizeOf(forward)
  // Where a backend changes headers, those of the rule are said with each of them.
  const copies = clusters.some(changesHeaders) ? clusters.length : 1
  const together = isDivided(action) ? clusters.length * (each + headers) : each + copies * headers
  const remembered = (action.sessionPersistence?.backends?.length ?? 0) * (each + headers)
  return variantsOf(action) * (together + remembered + (remembered > 0 ? 2 : 1) * sizeOf(clusters))
}

/**
 * What is asked about the values that a limit counts, measured: one question or two for each that is distinct, and each is about all parts.
 * `each`: a distinct value in a question, `base`: the rest of it.
 */
const QUESTIONS = { local: { of: 1, each: 90, base: 200 }, global: { of: 2, each: 320, base: 370 } } as const

/** What limits take besides what is written: they grow with the square of what is distinct. */
function limitBytes(limit: RateLimit | undefined): number {
  if (limit === undefined) return 0
  const { of, each, base } = QUESTIONS[limit.kind]
  return limit.rules.reduce((sum, { parts, responseCost }) => {
    const distinct = parts.filter(isDistinct).length
    const times = (responseCost === undefined ? 1 : 2) * (of * distinct + 1)
    return sum + times * (base + each * distinct + sizeOf(parts))
  }, 0)
}

function isDistinct(part: RateLimitPart): boolean {
  return (part.kind === 'header' || part.kind === 'queryParameter') && part.match.kind === 'distinct'
}

/** How many routes of Envoy a match becomes. */
function formsOf({ action }: RuleEffect): number {
  if (action.kind !== 'forward') return 2
  const divided = isDivided(action) ? action.clusters.length : 1
  return variantsOf(action) * (divided + (action.sessionPersistence?.backends?.length ?? 0))
}

/** Upgrades have routes of their own. */
function variantsOf({ upgrades, connect }: Forward): number {
  return 1 + upgrades.length + (connect === undefined ? 0 : 1)
}

/** Where a backend has a path of its own, each of them has a route. */
function isDivided({ clusters }: Forward): boolean {
  return clusters.some(({ pathRewrite }) => pathRewrite !== undefined)
}

function changesHeaders({ requestHeaders, responseHeaders, hostRewrite }: Forward['clusters'][number]): boolean {
  return hostRewrite !== undefined || [requestHeaders, responseHeaders].some((each) => Object.values(each).some((list) => list.length > 0))
}

/** What a value costs that is no text. */
const SMALL = 4

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return SMALL + value.length
  if (value instanceof Sensitive) return SMALL + value.reveal().length
  if (typeof value !== 'object' || value === null) return SMALL
  let sum = SMALL
  // Modules stand once in each host: see `shareModules`.
  for (const [key, member] of Object.entries(value)) if (key !== 'base64') sum += sizeOf(member)
  return sum
}
