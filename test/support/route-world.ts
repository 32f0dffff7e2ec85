/** Routes on one Gateway, written briefly, and what became of them, said briefly. */
import type { GatewayApi } from '../../src/gatewayapi/declare.js'
import type { RouteKind } from '../../src/gatewayapi/model.js'
import type { Forward } from '../../src/ir/forward.js'
import type { Route, VirtualHost } from '../../src/ir/route.js'
import type { PemPair } from './certificates.js'
import { createTranslationWorld, type TranslationWorld, type WorldOptions } from './translation-world.js'

/** The route table of the Gateway `infra/gw` for HTTP on port 80. */
export const HTTP_TABLE = 'infra/gw/0.0.0.0/80/tcp'

/** An HTTP listener on port 80 for every host. */
export const HTTP_LISTENER = '{ name: http, port: 80, protocol: HTTP }'

/** The Gateway `infra/gw`, as an object. */
export function gateway(listeners: string, more = ''): string {
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw, namespace: infra }
spec: { gatewayClassName: headgate, listeners: [${listeners}]${more === '' ? '' : `, ${more}`} }
`
}

/** Where a route differs from the usual. */
export interface RouteOptions {
  readonly kind?: RouteKind
  readonly namespace?: string
  /** RFC 3339. */
  readonly created?: string
  /** Flow YAML of `spec.parentRefs`. */
  readonly parents?: string
}

/** A route of the Gateway `infra/gw`, as an object; an HTTPRoute unless the options say otherwise. */
export function route(name: string, spec: string, options: RouteOptions = {}): string {
  const {
    kind = 'HTTPRoute',
    namespace = 'infra',
    created = '2026-01-01T00:00:00Z',
    parents = '[{ name: gw, namespace: infra }]',
  } = options
  return `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: ${namespace}, creationTimestamp: "${created}" }
spec: { parentRefs: ${parents}, ${spec} }
`
}

/** A Service with ports, as an object; ports are flow YAML. */
export function service(name: string, ports = '{ name: http, port: 8080 }', namespace = 'infra'): string {
  return `\n---\n{ apiVersion: v1, kind: Service, metadata: { name: ${name}, namespace: ${namespace} }, spec: { ports: [${ports}] } }\n`
}

/** A Secret of type TLS in the namespace `infra`, as an object. */
export function certificateSecret(name: string, { certificate, privateKey }: PemPair): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const data = `{ tls.crt: ${base64(certificate)}, tls.key: ${base64(privateKey)} }`
  return `\n---\n{ apiVersion: v1, kind: Secret, metadata: { name: ${name}, namespace: infra }, type: kubernetes.io/tls, data: ${data} }\n`
}

/** A ConfigMap with authorities in the namespace `infra`, as an object. */
export function authorityConfigMap(name: string, authorities: string): string {
  return `\n---\n{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name}, namespace: infra }, data: { ca.crt: ${JSON.stringify(authorities)} } }\n`
}

/** A world with the Service `infra/app` and the given objects, where the Gateway `infra/gw` has its place. */
export function createRouteWorld(objects: readonly string[], options: WorldOptions = {}): TranslationWorld {
  const world = createTranslationWorld(options)
  world.apply(service('app'))
  for (const object of objects) world.apply(object)
  world.place('infra/gw')
  world.flush()
  return world
}

/** A virtual host of the HTTP table of `infra/gw`. */
export function virtualHost(api: GatewayApi, domain: string, table: string = HTTP_TABLE): VirtualHost | undefined {
  return api.virtualHosts.get(`${table}#${domain}`)
}

/** The domains of a table, in ascending order. */
export function domains(api: GatewayApi, table: string = HTTP_TABLE): readonly string[] {
  return [...api.virtualHosts.entries()].flatMap(([key, host]) => (key.startsWith(`${table}#`) ? [host.domain] : [])).sort()
}

/** Routes that requests can come to as `<route> <path>`, in their order. */
export function paths(host: VirtualHost | undefined): readonly string[] | undefined {
  return host && reachedRoutes(host).map(({ origin, match }) => `${origin.name} ${match.path.value}`)
}

/** The only route that requests can come to, of a virtual host that a test expects to have one. */
export function onlyRoute(host: VirtualHost | undefined): Route {
  const [only, ...more] = reachedRoutes(host)
  if (only === undefined || more.length > 0)
    throw new Error(`expected one route, there are ${host === undefined ? 'no virtual host and none' : more.length + 1}`)
  return only
}

/** The routes of a virtual host that requests can come to; none without a host. */
export function reachedRoutes(host: VirtualHost | undefined): readonly Route[] {
  return (host?.routes ?? []).filter(({ isUnreached }) => isUnreached !== true)
}

/** The only route of an HTTPRoute of `infra/gw` with one rule. */
export function routeOfRule(rule: string, ...objects: readonly string[]): Route {
  const world = createRouteWorld([gateway(HTTP_LISTENER), ...objects, route('r', `rules: [{ ${rule} }]`)])
  return onlyRoute(virtualHost(world.translation.gatewayApi, '*'))
}

/** How it forwards. Throws where it does not. */
export function forwardOfRule(rule: string, ...objects: readonly string[]): Forward {
  const { action } = routeOfRule(rule, ...objects)
  if (action.kind !== 'forward') throw new Error(`expected to forward, the action is ${action.kind}`)
  return action
}
