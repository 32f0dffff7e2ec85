/**
 * XBackend: external hosts, and pods by their labels.
 *
 * Source: Gateway API v1.7 experimental channel, XBackend.
 */
import type { XBackend } from '../../gen/kinds.js'
import type { UpstreamTls } from '../../ir/tls.js'
import { objectVersion } from '../../util/object-ref.js'
import type { BackendRef } from './backend-key.js'
import type { BackendWorld } from './backend-world.js'
import { resolveClientCertificate } from './client-certificate.js'
import { type BackendAddresses, type ResolvedBackend, type UsableBackend, unusable } from './resolved-backend.js'
import { xBackendLabel } from './selected-pods.js'
import { resolveTraffic } from './traffic-policies.js'
import { resolveUpstreamTls, UNVERIFIED_TLS } from './upstream-tls.js'

/** An XBackend as a backend. */
export function resolveXBackend(world: BackendWorld, ref: BackendRef, backend: XBackend | undefined): ResolvedBackend {
  const name = `${ref.namespace}/${ref.name}`
  if (backend === undefined) return unusable('BackendNotFound', `The XBackend "${name}" does not exist.`)
  const addresses = addressesOf(backend)
  if (addresses === undefined) return unusable('BackendNotFound', `The XBackend "${name}" names no host or no port.`)
  const tls = resolveTls(world, backend)
  if (typeof tls === 'string') return unusable(undefined, `The XBackend "${name}" ${tls}`)
  const traffic = resolveTraffic(world, `XBackend/${name}`)
  const sessionPersistence = backend.spec.sessionPersistence ?? traffic.sessionPersistence
  return {
    usable: true,
    http: httpOf(backend, tls !== undefined),
    ...(tls === undefined ? {} : { tls }),
    ...(tls !== undefined && (backend.spec.tls?.mode ?? 'None') === 'None' ? { isTlsImplied: true } : {}),
    wantsGatewayCertificate: false,
    addresses,
    traffic: traffic.traffic,
    ...(sessionPersistence === undefined ? {} : { sessionPersistence }),
    origins: [objectVersion(backend), ...traffic.origins],
  }
}

function addressesOf({ spec, metadata }: XBackend): BackendAddresses | undefined {
  const port = spec.port.number
  if (port === undefined) return undefined
  if (spec.type === 'EndpointSelector') {
    const owner = `XBackend/${metadata.namespace}/${xBackendLabel(metadata.name)}`
    return { kind: 'slices', owner, portName: '', publishNotReady: false }
  }
  const hostname = spec.externalHostname?.hostname
  return hostname === undefined ? undefined : { kind: 'dns', hosts: [{ hostname, port, weight: 1 }] }
}

function httpOf({ spec }: XBackend, isEncrypted: boolean): UsableBackend['http'] {
  switch (spec.protocol ?? 'HTTP') {
    case 'HTTP2':
    case 'H2C':
    case 'GRPC':
      return { protocol: 'http2', isWebSocket: false }
    case 'HTTP11':
      return { protocol: 'http1', isWebSocket: false }
    case 'WSS':
      return { protocol: 'http1', isWebSocket: true }
    case 'TCP':
      return { protocol: 'unsupported', message: 'does not speak HTTP: its protocol is "TCP"' }
    // The Model Context Protocol is HTTP with long answers.
    case 'MCP':
    case 'HTTP':
      return { protocol: isEncrypted ? 'auto' : 'http1', isWebSocket: false }
  }
}

/** TLS settings, none, or what is wrong with them. */
function resolveTls(world: BackendWorld, backend: XBackend): UpstreamTls | undefined | string {
  const { tls, externalHostname, protocol } = backend.spec
  const mode = tls?.mode ?? 'None'
  if (mode === 'None') return protocol === 'WSS' ? UNVERIFIED_TLS : undefined
  const hostname = externalHostname?.hostname
  const validation = tls?.validation ?? { wellKnownCACertificates: 'System', ...(hostname === undefined ? {} : { hostname }) }
  const resolved = resolveUpstreamTls(world.view, world.materials, validation, backend.metadata.namespace)
  if (resolved.tls === undefined) return `trusts nobody that is usable: ${resolved.problem?.message ?? ''}`
  if (mode === 'ServerOnly') return resolved.tls
  if (tls?.clientCertificateRef === undefined) return 'asks for mutual TLS and names no clientCertificateRef.'
  const certificate = resolveClientCertificate(world, objectVersion(backend), tls.clientCertificateRef)
  return certificate.ok ? { ...resolved.tls, clientCertificate: certificate.value } : certificate.message
}
