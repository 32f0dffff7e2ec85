import type { ObjectKey, ObjectVersion } from '../util/object-ref.js'

/** What a fleet of proxies needs around it: that of one Gateway, or of all Gateways of a class that share it. */
export interface GatewayInfra {
  /** The Gateway, or the GatewayClass: with it goes everything that was made. */
  readonly owner: ObjectVersion
  readonly gatewayClass: string
  /** Ports that the proxies bind, TCP before UDP of the same number. */
  readonly ports: readonly InfraPort[]
  /** `spec.infrastructure.labels` and `annotations` of the Gateway: for everything that is made. A fleet of several has none. */
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** What clients connect to: one, or one for each Gateway of a shared fleet. */
  readonly services: readonly InfraService[]
  /** Values of GatewayConfig objects, merged, class first. */
  readonly config: Readonly<Record<string, unknown>>
  /** Why it cannot be made as it is asked for. What is there stays as it is, and nothing new is made. */
  readonly problem?: string
}

/** What clients connect to. */
export interface InfraService {
  /** Whose addresses it has. */
  readonly gateways: readonly ServiceGateway[]
  /** The Gateway, where the fleet has a Service for each; undefined where one Service belongs to the fleet. */
  readonly of?: ObjectVersion
  /** Ports that clients name, in ascending order, TCP before UDP. */
  readonly ports: readonly InfraPort[]
  /** Those of its Gateway. */
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Why it cannot be made as it is asked for: what is there stays as it is. */
  readonly problem?: string
}

/** A Gateway and the addresses that it asks for; a missing value leaves the choice to the infrastructure. */
export interface ServiceGateway {
  readonly key: ObjectKey
  readonly addresses: readonly RequestedAddress[]
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

/** The addresses that the Gateways of a Service ask for, each once. */
export function wantedAddresses({ gateways }: InfraService): readonly RequestedAddress[] {
  const all = gateways.flatMap(({ addresses }) => addresses)
  return [...new Map(all.map((each) => [`${each.type} ${each.value ?? ''} ${each.routability ?? ''}`, each])).values()]
}
