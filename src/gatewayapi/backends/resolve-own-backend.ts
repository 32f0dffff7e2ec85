/** Objects of kind Backend (headgate.dev): IP addresses, DNS names and Unix sockets. */
import type { AppProtocol, Backend, BackendEndpoint, BackendTLSSettings } from '../../gen/kinds.js'
import { ADMIN_SOCKET, leadsToAdmin } from '../../ir/admin-socket.js'
import type { DnsHost, Endpoint, Locality } from '../../ir/cluster.js'
import type { UpstreamTls } from '../../ir/tls.js'
import { objectVersion } from '../../util/object-ref.js'
import { readAppProtocol, type SpokenProtocol } from './app-protocol.js'
import type { BackendRef } from './backend-key.js'
import type { BackendWorld } from './backend-world.js'
import { resolveClientCertificate } from './client-certificate.js'
import { toLocalities } from './localities.js'
import { type BackendAddresses, type ResolvedBackend, unusable } from './resolved-backend.js'
import { resolveTraffic } from './traffic-policies.js'
import { resolveUpstreamTls, UNVERIFIED_TLS } from './upstream-tls.js'

/** A Backend as a backend. */
export function resolveOwnBackend(world: BackendWorld, ref: BackendRef, backend: Backend | undefined): ResolvedBackend {
  if (backend === undefined) return unusable('BackendNotFound', `The Backend "${ref.namespace}/${ref.name}" does not exist.`)
  if ((backend.spec.endpoints ?? []).some(({ unix }) => unix !== undefined && leadsToAdmin(unix.path)))
    return unusable(
      undefined,
      `The Backend "${ref.namespace}/${ref.name}" names a socket that is called "${ADMIN_SOCKET}", as the admin interface of a proxy is: that is out of reach for requests.`,
    )
  const spoken = combine(backend.spec.appProtocols ?? [])
  const tls = resolveTls(world, backend, spoken)
  if (typeof tls === 'string') return unusable(undefined, `The Backend "${ref.namespace}/${ref.name}" ${tls}`)
  const name = `Backend/${ref.namespace}/${ref.name}`
  const { traffic, sessionPersistence, origins } = resolveTraffic(world, name)
  return {
    usable: true,
    http: spoken.http,
    ...(tls === undefined ? {} : { tls }),
    ...(tls !== undefined && backend.spec.tls === undefined ? { isTlsImplied: true } : {}),
    wantsGatewayCertificate: false,
    addresses: addressesOf(backend.spec),
    traffic,
    ...(sessionPersistence === undefined ? {} : { sessionPersistence }),
    origins: [objectVersion(backend), ...origins],
  }
}

/** Of several protocols HTTP/2 is taken where it is offered; WebSockets need HTTP/1.1. */
function combine(appProtocols: readonly AppProtocol[]): SpokenProtocol {
  const all = appProtocols.map((each) => readAppProtocol(each))
  const tls = all.some((each) => each.tls)
  const webSocket = all.find((each) => each.http.protocol !== 'unsupported' && each.http.isWebSocket)
  const http2 = all.find((each) => each.http.protocol === 'http2')
  const { http } = webSocket ?? http2 ?? all[0] ?? readAppProtocol(undefined)
  return { http, tls }
}

/** TLS settings, none, or what is wrong with them. */
function resolveTls(world: BackendWorld, backend: Backend, spoken: SpokenProtocol): UpstreamTls | undefined | string {
  const { tls: settings, endpoints = [] } = backend.spec
  if (settings === undefined) return spoken.tls ? UNVERIFIED_TLS : undefined
  const { namespace } = backend.metadata
  const names = new Set(endpoints.flatMap(({ hostname, fqdn }) => hostname ?? fqdn?.hostname ?? []))
  const serverName = settings.hostname ?? [...names][0]
  const byEndpoint = settings.hostname === undefined && names.size > 1 ? { byEndpoint: true as const } : {}
  const validated = settings.insecureSkipVerify
    ? { tls: { ...UNVERIFIED_TLS, serverName }, problem: undefined }
    : resolveUpstreamTls(
        world.view,
        world.materials,
        { ...settings, ...(serverName === undefined ? {} : { hostname: serverName }) },
        namespace,
      )
  if (validated.tls === undefined) return `trusts nobody that is usable: ${validated.problem?.message ?? ''}`
  const tls = { ...validated.tls, ...byEndpoint, ...restrictions(settings) }
  if (settings.clientCertificateRef === undefined) return tls
  const certificate = resolveClientCertificate(world, objectVersion(backend), settings.clientCertificateRef)
  return certificate.ok ? { ...tls, clientCertificate: certificate.value } : certificate.message
}

/** Versions and algorithms as they are asked for; what is not said stays as it is. */
function restrictions(settings: BackendTLSSettings): Partial<UpstreamTls> {
  const { minVersion, maxVersion, ciphers, ecdhCurves, signatureAlgorithms, alpnProtocols } = settings
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(ecdhCurves === undefined ? {} : { curves: ecdhCurves }),
    ...(signatureAlgorithms === undefined ? {} : { signatureAlgorithms }),
    ...(alpnProtocols === undefined ? {} : { alpn: alpnProtocols }),
  }
}

function addressesOf({ type, dynamicResolver, endpoints = [] }: Backend['spec']): BackendAddresses {
  if (type === 'DynamicResolver') return { kind: 'dynamic', allowsPrivate: dynamicResolver?.allowPrivateAddresses ?? false }
  // Proxies refuse gaps between priorities.
  const priorities = [...new Set(endpoints.map(({ priority }) => priority))].sort((a, b) => a - b)
  const hosts = endpoints.flatMap(({ fqdn, ip, weight, zone, priority, hostname: knownAs }): readonly DnsHost[] => {
    const host = fqdn ?? (ip && { hostname: ip.address, port: ip.port })
    if (host === undefined) return []
    const place = {
      ...(zone === undefined ? {} : { zone }),
      ...(priorities[0] === priority ? {} : { priority: priorities.indexOf(priority) }),
    }
    return [{ hostname: host.hostname, port: host.port, weight, ...place, ...(knownAs === undefined ? {} : { knownAs }) }]
  })
  // A cluster knows its addresses either from DNS or from us; DNS takes literal addresses as well.
  return endpoints.some((each) => each.fqdn !== undefined) ? { kind: 'dns', hosts } : { kind: 'fixed', localities: localitiesOf(endpoints) }
}

function localitiesOf(endpoints: readonly BackendEndpoint[]): readonly Locality[] {
  return toLocalities(
    endpoints.flatMap((each) => {
      const address = addressOf(each)
      const endpoint: Endpoint | undefined = address && {
        address,
        health: 'healthy',
        weight: each.weight,
        ...(each.hostname === undefined ? {} : { knownAs: each.hostname }),
      }
      return endpoint === undefined ? [] : [{ zone: each.zone ?? '', priority: each.priority, endpoint }]
    }),
  )
}

function addressOf({ ip, unix }: BackendEndpoint): Endpoint['address'] | undefined {
  if (ip !== undefined) return { kind: 'ip', ip: ip.address, port: ip.port }
  return unix === undefined ? undefined : { kind: 'unix', path: unix.path }
}
