/** What is read of the objects of each kind: a change of anything else does not matter. */
import type { KindName } from '../gen/kinds.js'

/** A field of `metadata` that somebody reads. */
export type MetadataField = 'uid' | 'generation' | 'creationTimestamp' | 'deletionTimestamp' | 'finalizers' | 'labels' | 'annotations'

/** What is read of a kind, beside the fields of its schema without `status`. */
export interface Relevance {
  readonly metadata: readonly MetadataField[]
  /** True if somebody reads the status that others write. */
  readonly status: boolean
}

/** Objects with conditions: the generation stands in them, age decides between them. */
const CONFIGURATION: Relevance = {
  metadata: ['uid', 'generation', 'creationTimestamp', 'deletionTimestamp', 'labels', 'annotations'],
  status: false,
}

/** Objects that others point to. The API server counts generations of some, and writes annotations at every change of a pod. */
const CONTENT: Relevance = { metadata: ['uid', 'labels'], status: false }

/** What is read of each kind. */
export const RELEVANCE: Readonly<Record<KindName, Relevance>> = {
  GatewayClass: { ...CONFIGURATION, metadata: [...CONFIGURATION.metadata, 'finalizers'] },
  Gateway: CONFIGURATION,
  ListenerSet: CONFIGURATION,
  HTTPRoute: CONFIGURATION,
  GRPCRoute: CONFIGURATION,
  TLSRoute: CONFIGURATION,
  TCPRoute: CONFIGURATION,
  UDPRoute: CONFIGURATION,
  ReferenceGrant: { metadata: ['uid'], status: false },
  BackendTLSPolicy: CONFIGURATION,
  XBackend: CONFIGURATION,
  XBackendTrafficPolicy: CONFIGURATION,
  XTelemetryPolicy: CONFIGURATION,
  Backend: CONFIGURATION,
  HTTPRouteFilter: CONFIGURATION,
  GatewayConfig: CONFIGURATION,
  ClientTrafficPolicy: CONFIGURATION,
  BackendTrafficPolicy: CONFIGURATION,
  SecurityPolicy: CONFIGURATION,
  ExtensionPolicy: CONFIGURATION,
  EnvoyPatchPolicy: CONFIGURATION,
  Service: CONTENT,
  ServiceImport: { ...CONTENT, status: true },
  EndpointSlice: CONTENT,
  Secret: CONTENT,
  ConfigMap: CONTENT,
  ClusterTrustBundle: CONTENT,
  Namespace: CONTENT,
}
