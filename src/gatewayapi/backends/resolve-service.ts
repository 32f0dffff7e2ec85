/**
 * Services and ServiceImports as backends.
 *
 * Source: Gateway API v1.7, `BackendObjectReference`; Kubernetes Services and EndpointSlices; MCS API (KEP-1645).
 */
import type { Service, ServiceImport, ServicePort } from '../../gen/kinds.js'
import type { LocalZone } from '../../ir/cluster.js'
import { objectVersion } from '../../util/object-ref.js'
import { isTargeted } from '../policies/targeted-objects.js'
import { readAppProtocol } from './app-protocol.js'
import type { BackendRef } from './backend-key.js'
import { effectivePolicy } from './backend-tls-policies.js'
import type { BackendWorld } from './backend-world.js'
import { type BackendAddresses, type ResolvedBackend, type UsableBackend, unusable } from './resolved-backend.js'
import { resolveTraffic } from './traffic-policies.js'
import { UNVERIFIED_TLS } from './upstream-tls.js'

/** A Service as a backend. */
export function resolveService(world: BackendWorld, ref: BackendRef, service: Service | undefined): ResolvedBackend {
  if (service === undefined) return notFound(ref)
  const { spec } = service
  const port = findPort(ref, spec.ports ?? [])
  if (spec.type === 'ExternalName') return resolveExternalName(world, ref, service, port)
  if (port === undefined) return noPort(ref, spec.ports ?? [])
  return resolvePort(world, ref, service, port, {
    kind: 'slices',
    owner: `Service/${ref.namespace}/${ref.name}`,
    portName: port.name ?? '',
    publishNotReady: spec.publishNotReadyAddresses === true,
  })
}

/** A ServiceImport as a backend: its endpoints come from the EndpointSlices of all clusters. */
export function resolveServiceImport(world: BackendWorld, ref: BackendRef, imported: ServiceImport | undefined): ResolvedBackend {
  if (imported === undefined) return notFound(ref)
  const ports = imported.spec?.ports ?? []
  const port = findPort(ref, ports)
  if (port === undefined) return noPort(ref, ports)
  return resolvePort(world, ref, imported, port, {
    kind: 'slices',
    owner: `ServiceImport/${ref.namespace}/${ref.name}`,
    portName: port.name ?? '',
    publishNotReady: false,
  })
}

function resolveExternalName(world: BackendWorld, ref: BackendRef, service: Service, port: Port | undefined): ResolvedBackend {
  if (!world.context.allowExternalName) {
    return unusable('InvalidKind', `The Service "${ref.name}" is of type ExternalName, which is not allowed here.`)
  }
  const hostname = service.spec.externalName ?? ''
  if (hostname === '' || ref.port === undefined) return unusable('BackendNotFound', `The Service "${ref.name}" names no host or no port.`)
  const host = { hostname, port: ref.port, weight: 1 }
  // The ports of such a Service say what is spoken, but need not be there.
  return resolvePort(world, ref, service, port ?? { port: ref.port, protocol: ref.transport }, { kind: 'dns', hosts: [host] })
}

/** A port of a Service or a ServiceImport. */
type Port = Pick<ServicePort, 'name' | 'protocol' | 'appProtocol' | 'port'>

function resolvePort(
  world: BackendWorld,
  ref: BackendRef,
  object: Service | ServiceImport,
  port: Port,
  addresses: BackendAddresses,
): ResolvedBackend {
  const name = `${ref.kind}/${ref.namespace}/${ref.name}`
  const { http, tls } = readAppProtocol(port.appProtocol)
  // Datagrams are sent as they are: no policy about TLS must keep them from a Service.
  const isNamed = ref.transport === 'TCP' && isTargeted(world.view, world.targeted, 'BackendTLSPolicy', name)
  const policy = isNamed ? effectivePolicy(world.view.list(world.tlsPolicies.byTarget, name), name, port.name ?? '') : undefined
  const { traffic, sessionPersistence, origins } = resolveTraffic(world, name)
  const localZone = addresses.kind === 'slices' ? preferredZone(object.spec?.trafficDistribution) : undefined
  const upstreamTls = policy?.tls ?? (tls ? UNVERIFIED_TLS : undefined)
  const backend: UsableBackend = {
    usable: true,
    http,
    ...(upstreamTls === undefined ? {} : { tls: upstreamTls }),
    ...(tls && policy === undefined ? { isTlsImplied: true } : {}),
    wantsGatewayCertificate: policy !== undefined,
    addresses,
    traffic: localZone === undefined ? traffic : { ...traffic, localZone },
    ...(sessionPersistence === undefined ? {} : { sessionPersistence }),
    origins: [objectVersion(object), ...(policy === undefined ? [] : [policy.object]), ...origins],
  }
  if (policy === undefined || policy.tls !== undefined) return backend
  const message = `The BackendTLSPolicy "${policy.object.name}" of ${ref.kind} "${ref.name}" trusts nobody that is usable.`
  return { ...unusable(undefined, message), unverified: backend }
}

/**
 * The zone of the Envoy goes first as long as one endpoint there is healthy, as it does for clients in pods. Envoys do not know the nodes of
 * endpoints: who prefers the same node gets the same zone, which Kubernetes takes next.
 *
 * Source: Kubernetes 1.37, `trafficDistribution` of Services (KEP-4444, KEP-3015); `PreferClose` is the older name of `PreferSameZone`.
 */
function preferredZone(trafficDistribution: string | undefined): LocalZone | undefined {
  switch (trafficDistribution) {
    case 'PreferClose':
    case 'PreferSameZone':
    case 'PreferSameNode':
      return { minInZone: 1, minInAll: 1 }
    default:
      return undefined
  }
}

function findPort(ref: BackendRef, ports: readonly Port[]): Port | undefined {
  return ports.find((each) => each.port === ref.port && each.protocol === ref.transport)
}

function notFound(ref: BackendRef): ResolvedBackend {
  return unusable('BackendNotFound', `The ${ref.kind} "${ref.namespace}/${ref.name}" does not exist.`)
}

function noPort(ref: BackendRef, ports: readonly Port[]): ResolvedBackend {
  const known = ports.map((each) => `${each.port}/${each.protocol}`).join(', ')
  const message = `The ${ref.kind} "${ref.namespace}/${ref.name}" has no port ${ref.port ?? ''}/${ref.transport}; it has ${known || 'none'}.`
  return unusable('BackendNotFound', message)
}
