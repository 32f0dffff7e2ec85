import type { ObjectVersion } from '../util/object-ref.js'

/** What a gateway needs around its proxies. */
export interface GatewayInfra {
  readonly gateway: ObjectVersion
  readonly gatewayClass: string
  /** Ports that clients name, in ascending order, TCP before UDP. */
  readonly ports: readonly InfraPort[]
  /** `spec.infrastructure.labels` and `annotations`: for everything that is made. */
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Addresses that were asked for; a missing value leaves the choice to the infrastructure. */
  readonly addresses: readonly RequestedAddress[]
  /** Values of GatewayConfig objects, merged, class first. */
  readonly config: Readonly<Record<string, unknown>>
  /** Why it cannot be made as it is asked for. What is there stays as it is, and nothing new is made. */
  readonly problem?: string
}

/** A port of a gateway. */
export interface InfraPort {
  /** Unique in the gateway, a DNS label. */
  readonly name: string
  readonly port: number
  readonly boundPort: number
  readonly protocol: 'TCP' | 'UDP'
}

/** An address of `spec.addresses`. */
export interface RequestedAddress {
  readonly type: 'IPAddress' | 'Hostname'
  readonly value?: string
  /** `Cluster`: an address that is reachable within the cluster, such as the ClusterIP of a Service. Undefined: what is usual here. */
  readonly routability?: 'Cluster'
}
