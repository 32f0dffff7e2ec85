/** The requests of both protocols, decoded and reduced to what we use. */
import { decode } from '../message.js'
import { readRequestFields } from './request-fields.js'

/** Why a client rejected a response. */
export interface Rejection {
  readonly code: number
  readonly message: string
}

/** What a client says about itself in its first request. It is a hint, never an identity. */
export interface ClientNode {
  readonly id: string
  readonly cluster: string
  /** For example `envoy 1.40.0`; empty when the client does not say. */
  readonly userAgent: string
}

/** What both kinds of request have in common. */
interface RequestBase {
  readonly typeUrl: string
  /** Pairs an answer with a response of this stream and type; empty in a request that answers none. */
  readonly nonce: string
  /** Present exactly when the response was rejected (A1.1: never judged by comparing versions). */
  readonly rejection: Rejection | undefined
  /** Guaranteed only in the first request of a stream. */
  readonly node: ClientNode | undefined
}

/** A DeltaDiscoveryRequest. */
export interface DeltaRequest extends RequestBase {
  readonly protocol: 'delta'
  readonly subscribe: readonly string[]
  readonly unsubscribe: readonly string[]
  readonly initialVersions: ReadonlyMap<string, string>
}

/** A DiscoveryRequest. */
export interface SotwRequest extends RequestBase {
  readonly protocol: 'sotw'
  readonly names: readonly string[]
}

/** A request of either protocol. */
export type DiscoveryRequest = DeltaRequest | SotwRequest

/** Decodes a DeltaDiscoveryRequest. Throws on bytes that are none. */
export function decodeDeltaRequest(bytes: Buffer): DeltaRequest {
  const { rest, ...names } = readRequestFields(bytes)
  return { protocol: 'delta', ...common(decode('envoy.service.discovery.v3.DeltaDiscoveryRequest', rest)), ...names }
}

/** Decodes a DiscoveryRequest. Throws on bytes that are none. */
export function decodeSotwRequest(bytes: Uint8Array): SotwRequest {
  const request = decode('envoy.service.discovery.v3.DiscoveryRequest', bytes)
  return { protocol: 'sotw', ...common(request), names: request.resourceNames ?? [] }
}

/**
 * How many fields a message has on its first level, without decoding it: enough to refuse a million names for the price of a glance.
 * What cannot be read counts as far as it can.
 */
export function countFields(bytes: Uint8Array): number {
  let count = 0
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; at < bytes.length; shift += 7) {
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) break
    }
    return value
  }
  while (at < bytes.length) {
    const wireType = varint() % 8
    if (wireType === 0) varint()
    else if (wireType === 1) at += 8
    else if (wireType === 2) {
      const length = varint()
      at += length
    } else if (wireType === 5) at += 4
    else break
    count += 1
  }
  return count
}

interface CommonFields {
  readonly typeUrl?: string
  readonly responseNonce?: string
  readonly errorDetail?: { readonly code?: number; readonly message?: string }
  readonly node?: {
    readonly id?: string
    readonly cluster?: string
    readonly userAgentName?: string
    readonly userAgentVersion?: string
    readonly userAgentBuildVersion?: {
      readonly version?: { readonly majorNumber?: number; readonly minorNumber?: number; readonly patch?: number }
    }
  }
}

function common({ typeUrl = '', responseNonce = '', errorDetail, node }: CommonFields): RequestBase {
  return {
    typeUrl,
    nonce: responseNonce,
    rejection: errorDetail && { code: errorDetail.code ?? 0, message: errorDetail.message ?? '' },
    node: node && { id: node.id ?? '', cluster: node.cluster ?? '', userAgent: userAgent(node) },
  }
}

function userAgent({ userAgentName = '', userAgentVersion, userAgentBuildVersion }: NonNullable<CommonFields['node']>): string {
  const { majorNumber = 0, minorNumber = 0, patch = 0 } = userAgentBuildVersion?.version ?? {}
  const version = userAgentBuildVersion?.version === undefined ? (userAgentVersion ?? '') : `${majorNumber}.${minorNumber}.${patch}`
  return `${userAgentName} ${version}`.trim()
}
