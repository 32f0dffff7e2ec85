/** Conditions of a status. Source: Gateway API v1.7, the constants beside each type. */
import type { Condition } from './model.js'

/** The API group of Gateway API. */
export const GATEWAY_GROUP = 'gateway.networking.k8s.io'

/** Why something is not as it should be: a reason of a condition, and what to do about it in words. */
export interface Problem {
  readonly reason: string
  readonly message: string
}

/** Types of conditions that are wrong when they are True; all others are when they are False. */
export const NEGATIVE_CONDITIONS: ReadonlySet<string> = new Set(['Conflicted', 'PartiallyInvalid', 'InsecureFrontendValidationMode'])

/**
 * Types of conditions that are worth knowing where they are True, and that nobody must act on: one certificate for many hosts, a route's own
 * policy.
 */
export const REMARK_CONDITIONS: ReadonlySet<string> = new Set(['OverlappingTLSConfig', 'Overridden'])

/** What `Programmed` says of a Gateway to which nothing is lacking. What it lacks although it serves, as when pods are missing, stands behind that. */
export const GATEWAY_SERVES = 'Every connected proxy serves the Gateway.'

/** A condition that holds. */
export function holds(type: string, reason: string, message: string, observedGeneration: number): Condition {
  return { type, status: 'True', reason, message, observedGeneration }
}

/** A condition that does not hold. */
export function fails(type: string, { reason, message }: Problem, observedGeneration: number): Condition {
  return { type, status: 'False', reason, message, observedGeneration }
}

/** True if there is no problem, False with the problem where there is one. */
export function holdsUnless(type: string, problem: Problem | undefined, otherwise: Problem, observedGeneration: number): Condition {
  return problem === undefined
    ? holds(type, otherwise.reason, otherwise.message, observedGeneration)
    : fails(type, problem, observedGeneration)
}
