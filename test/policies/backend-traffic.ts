/** What tests of BackendTrafficPolicy begin with. */
import { httpRoute, to } from '../features/manifests.js'
import type { World } from '../features/world.js'

/** The target of a policy: the route `r`. */
export const ABOUT_ROUTE = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}]'
/** The target of a policy: the Gateway `gw`. */
export const ABOUT_GATEWAY = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'

/** A BackendTrafficPolicy with the fields of its spec in flow style. */
export function policy(spec: string, name = 'p'): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: {name: ${name}}
spec: {${spec}}
`
}

/** The same about the route `r`. */
export function onRoute(settings: string, name = 'p'): string {
  return policy(`${ABOUT_ROUTE}, ${settings}`, name)
}

/** The route `r` to Backends. */
export function routeTo(...names: readonly string[]): string {
  return httpRoute('r', `[{${to(...names)}}]`)
}

/** One Backend with several places; each with more fields of an endpoint, such as `zone: a`. */
export function several(name: string, endpoints: readonly { readonly port: number; readonly more?: string }[]): string {
  const places = endpoints.map(({ port, more = '' }) => `{ip: {address: 127.0.0.1, port: ${port}}${more === '' ? '' : `, ${more}`}}`)
  return `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: ${name}}
spec: {endpoints: [${places.join(', ')}]}
`
}

/** The conditions of the policy `p` when nothing is wrong with it. */
export const GOOD: readonly string[] = ['Accepted=True/Accepted']

/** The conditions of the policy `p`. */
export function said(world: World, name = 'p'): readonly string[] {
  return world.conditions(`BackendTrafficPolicy/default/${name}`)
}

/** Asks so many times at once and counts who answered. */
export async function spread(world: World, count: number, question: Parameters<World['ask']>[0] = {}): Promise<Record<string, number>> {
  const found: Record<string, number> = {}
  for (const answer of await Promise.all(Array.from({ length: count }, () => world.answerer(question)))) {
    found[answer] = (found[answer] ?? 0) + 1
  }
  return found
}
