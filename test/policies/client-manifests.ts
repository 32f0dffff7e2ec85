/** YAML and requests of tests about ClientTrafficPolicies. */
import { httpRoute, to, under } from '../features/manifests.js'

/** What a policy is about: the Gateway `gw`, or one of its listeners. */
export function about(sectionName?: string, name = 'gw'): string {
  const section = sectionName === undefined ? '' : `, sectionName: ${sectionName}`
  return `targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: ${name}${section}}]`
}

/** A ClientTrafficPolicy. */
export function clientPolicy(spec: string, target: string = about(), name = 'p', more = ''): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: ClientTrafficPolicy
metadata: {name: ${name}${more}}
spec: {${target}, ${spec}}
`
}

/** A SecurityPolicy about the rule `admin` that lets in clients of some ranges alone. */
export function onlyClientsOf(...ranges: readonly string[]): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: only}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: admin}]
  authorization: {rules: [{action: Allow, principal: {clientCIDRs: [${ranges.map((range) => `"${range}"`).join()}]}}]}
`
}

/** A route with a rule for `/admin` and one for everything else. */
export const ADMIN_ROUTE: string = httpRoute('r', `[${under('/admin', `name: admin, ${to('secret')}`)}, {${to('open')}}]`)

/** A request in raw bytes: a request line, and headers behind `host`. */
export function rawRequest(line: string, ...headers: readonly string[]): string {
  return `${[line, 'host: example.com', ...headers].join('\r\n')}\r\n\r\n`
}
