/** YAML that most feature tests begin with. */

/** A backend of a test: who answers on a port of 127.0.0.1. */
export interface Target {
  readonly name: string
  readonly port: number
}

/** A Gateway of the class `headgate` in the namespace `default`; listeners default to HTTP on port 80 for routes of all namespaces. */
export function gateway(
  name: string,
  listeners = '[{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]',
): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}}
spec:
  gatewayClassName: headgate
  listeners: ${listeners}
`
}

/** A Backend for a test backend, under its name. */
export function backend({ name, port }: Target, appProtocols: readonly string[] = []): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: ${name}}
spec:
  endpoints: [{ip: {address: 127.0.0.1, port: ${port}}}]
  ${appProtocols.length === 0 ? '' : `appProtocols: [${appProtocols.join(', ')}]`}
`
}

/** The fields of a reference to a Backend, without braces: more may follow. */
export function ref(name: string): string {
  return `group: headgate.dev, kind: Backend, name: ${name}`
}

/** The `backendRefs` of a rule: one Backend, or several with the same weight. */
export function to(...names: readonly string[]): string {
  return `backendRefs: [${names.map((name) => `{${ref(name)}}`).join(', ')}]`
}

/** A Service whose ports lead to one target each. Ports are numbered from 8001 in the order of the targets. */
export function service(name: string, targets: readonly Target[], namespace = 'default'): string {
  const ports = (numbers: readonly number[]) => numbers.map((port, at) => `{name: p${at}, port: ${port}}`).join(', ')
  return `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec: {ports: [${ports(targets.map((_, at) => 8001 + at))}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [${ports(targets.map(({ port }) => port))}]
endpoints: [{addresses: [127.0.0.1], conditions: {ready: true}}]
`
}

/** A namespace with labels. */
export function namespace(name: string, labels = '{}'): string {
  return `
apiVersion: v1
kind: Namespace
metadata: {name: ${name}, labels: ${labels}}
`
}

/** A route in the namespace `default` on the Gateway `gw`. `spec` replaces or adds fields of its spec, each on a line of its own. */
export function route(kind: 'HTTPRoute' | 'GRPCRoute', name: string, rules: string, spec = 'parentRefs: [{name: gw}]'): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: ${name}}
spec:
  ${spec}
  rules: ${rules}
`
}

/** An HTTPRoute, see `route`. */
export function httpRoute(name: string, rules: string, spec?: string): string {
  return route('HTTPRoute', name, rules, spec)
}

/** A rule for a prefix of the path, with the rest of its fields in flow style. */
export function under(path: string, rest: string): string {
  return `{matches: [{path: {type: PathPrefix, value: ${path}}}], ${rest}}`
}
