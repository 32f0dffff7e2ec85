/**
 * Rejections that no validation foresaw. The translation makes nothing that Envoy rejects, so a test spoils what leaves it: each virtual host
 * that holds `spoiled-<how>` anywhere, and the secrets that it is told.
 */
import { createHash } from 'node:crypto'
import type { envoy } from '../../../src/gen/envoy/types.js'
import type { ControlPlane } from '../../../src/pipeline/control-plane.js'
import { decode, encode } from '../../../src/xds/message.js'
import { type EncodedResource, TYPE_URL } from '../../../src/xds/resource.js'

type VirtualHost = envoy.config.route.v3.VirtualHost

/** How a virtual host is spoiled, and what Envoy says to that. */
export interface Spoil {
  readonly words: RegExp
  /** True if Envoy's words point at the culprit among others. */
  readonly tells: boolean
  spoil(host: VirtualHost): VirtualHost
}

const answer = { directResponse: { status: 200 } }

/** The kinds of rejections of a route table. */
export const SPOILS: Readonly<Record<string, Spoil>> = {
  regex: {
    words: /^missing \): \(/,
    tells: true,
    spoil: (host) => ({ ...host, routes: [{ match: { safeRegex: { regex: '(' } }, ...answer }, ...(host.routes ?? [])] }),
  },
  domain: {
    words: /Duplicate entry of domain r0\.test/,
    tells: true,
    spoil: (host) => ({ ...host, domains: [...(host.domains ?? []), 'r0.test'] }),
  },
  filter: {
    words: /'no\.such\.Message'/,
    tells: true,
    spoil: (host) => ({
      ...host,
      typedPerFilterConfig: { unknown: { type_url: 'type.googleapis.com/no.such.Message', value: Buffer.alloc(0) } },
    }),
  },
  constraint: {
    // Envoy prints a whole table and cuts its message off before the reason; of a scope it says it.
    words: /^a constraint of its fields is violated|^Proto constraint validation failed/,
    tells: false,
    spoil: (host) => ({ ...host, routes: [{ ...answer }, ...(host.routes ?? [])] }),
  },
  weights: {
    words: /Sum of weights/,
    tells: false,
    spoil: (host) => ({
      ...host,
      routes: [
        { match: { prefix: '/' }, route: { weightedClusters: { clusters: [{ name: 'none', weight: { value: 0 } }] } } },
        ...(host.routes ?? []),
      ],
    }),
  },
}

/** Spoils what leaves the translation from now on. `secrets` holds texts in secrets to be spoiled, such as a private key; it may change at any time. */
export function spoil({ translation }: ControlPlane, secrets: ReadonlySet<string> = new Set()): void {
  const { resources } = translation.xds
  const takeChanges = resources.takeChanges.bind(resources)
  resources.takeChanges = () =>
    new Map([...takeChanges()].map(([key, resource]) => [key, resource === undefined ? undefined : spoiled(resource, secrets)]))
}

function spoiled(resource: EncodedResource, secrets: ReadonlySet<string>): EncodedResource {
  if (resource.typeUrl === TYPE_URL.secret && [...secrets].some((text) => resource.value.includes(text))) return badCertificate(resource)
  if (!resource.value.includes('spoiled-')) return resource
  if (resource.typeUrl === TYPE_URL.scopedRouteConfiguration) return spoiledScope(resource)
  if (resource.typeUrl !== TYPE_URL.routeConfiguration) return resource
  const table = decode('envoy.config.route.v3.RouteConfiguration', resource.value)
  const virtualHosts = (table.virtualHosts ?? []).map(spoiledHost)
  const parts = (resource.parts ?? []).map((part, index) => ({
    ...part,
    value: Buffer.from(encode('envoy.config.route.v3.VirtualHost', virtualHosts[index] ?? {})),
  }))
  return { ...withValue(resource, encode('envoy.config.route.v3.RouteConfiguration', { ...table, virtualHosts })), parts }
}

function spoiledScope(resource: EncodedResource): EncodedResource {
  const scope = decode('envoy.config.route.v3.ScopedRouteConfiguration', resource.value)
  const virtualHosts = (scope.routeConfiguration?.virtualHosts ?? []).map(spoiledHost)
  const routeConfiguration = { ...scope.routeConfiguration, virtualHosts }
  return withValue(resource, encode('envoy.config.route.v3.ScopedRouteConfiguration', { ...scope, routeConfiguration }))
}

function spoiledHost(host: VirtualHost): VirtualHost {
  const how = /spoiled-(\w+)/.exec(encode('envoy.config.route.v3.VirtualHost', host).toString('latin1'))?.[1]
  return SPOILS[how ?? '']?.spoil(host) ?? host
}

/** Another one for every version that it spoils. */
function badCertificate(resource: EncodedResource): EncodedResource {
  const { name, version } = resource
  const tlsCertificate = { certificateChain: { inlineString: `none: ${version}` }, privateKey: { inlineString: 'none' } }
  return withValue(resource, encode('envoy.extensions.transport_sockets.tls.v3.Secret', { name, tlsCertificate }))
}

function withValue(resource: EncodedResource, value: Uint8Array): EncodedResource {
  return { ...resource, value: Buffer.from(value), version: createHash('sha256').update(value).digest('base64url').slice(0, 22) }
}
