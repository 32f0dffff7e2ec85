/** What policies are about: kinds of targets, and the words under which targets are found. */
import type { PolicyTargetReference } from '../../gen/kinds.js'
import { backendKind } from '../backends/backend-key.js'
import { GATEWAY_GROUP, type Problem } from '../conditions.js'

/** Something that policies are about. */
export interface TargetRef {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** A listener, a rule or a port; undefined for the whole object. */
  readonly sectionName: string | undefined
}

/** Kinds of targets whose policies hold for what they contain. */
const CONTAINERS: readonly string[] = ['Gateway', 'ListenerSet', 'HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute']

/** The kind of target that a group and a kind mean; undefined where there is none. */
export function targetKind(group: string, kind: string): string | undefined {
  return group === GATEWAY_GROUP && CONTAINERS.includes(kind) ? kind : backendKind(group, kind)
}

/** True for kinds that requests are sent to. */
export function isBackendTarget(kind: string): boolean {
  return !CONTAINERS.includes(kind)
}

/** True for kinds whose routes are about connections, not requests. */
export function isConnectionTarget(kind: string): boolean {
  return kind === 'TLSRoute' || kind === 'TCPRoute'
}

/** The word of a target. */
export function targetWord({ kind, namespace, name, sectionName }: TargetRef): string {
  return `${kind}/${namespace}/${name}${sectionName === undefined ? '' : `#${sectionName}`}`
}

/** The word of all objects of a kind in a namespace: selectors are found by it. */
export function selectorWord(kind: string, namespace: string): string {
  return `${kind}/${namespace}`
}

/** A target that is not of a kind that the policy can be about. */
export function wrongKind({ group, kind, name }: Pick<PolicyTargetReference, 'group' | 'kind' | 'name'>): Problem {
  const written = group === '' ? kind : `${group}/${kind}`
  return { reason: 'Invalid', message: `The policy cannot be about "${name}": ${written} is no kind of target for it.` }
}

/** Something that a policy names is not there. */
export function targetNotFound(message: string): Problem {
  return { reason: 'TargetNotFound', message }
}
