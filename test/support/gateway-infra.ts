/** Infrastructure of Gateways for tests that make it. */
import type { GatewayInfra, InfraPort, InfraService, RequestedAddress } from '../../src/ir/infra.js'
import { type ObjectVersion, objectKey } from '../../src/util/object-ref.js'

/** A Gateway with a fleet of its own. */
export interface OwnFleet {
  readonly gateway?: ObjectVersion
  readonly ports?: readonly InfraPort[]
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly addresses?: readonly RequestedAddress[]
  readonly config?: Readonly<Record<string, unknown>>
  readonly problem?: string
}

/** A Gateway, as infrastructure names it. */
export function gatewayVersion(namespace: string, name: string): ObjectVersion {
  return { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace, name, generation: 1 }
}

/** A TCP port. */
export function tcpPort(port: number, boundPort: number): InfraPort {
  return { name: `tcp-${port}`, port, boundPort, protocol: 'TCP' }
}

/** What the fleet of one Gateway needs: `shop/web` with port 80, unless something else is said. */
export function ownFleet({ gateway = gatewayVersion('shop', 'web'), addresses = [], ...more }: OwnFleet = {}): GatewayInfra {
  const { ports = [tcpPort(80, 10_080)], labels = {}, annotations = {}, config = {}, problem } = more
  const shared = { ports, labels, annotations }
  return {
    owner: gateway,
    gatewayClass: 'headgate',
    ...shared,
    services: [{ gateways: [{ key: objectKey(gateway.namespace, gateway.name), addresses }], ...shared }],
    config,
    ...(problem === undefined ? {} : { problem }),
  }
}

/** A Service of a fleet that several Gateways share; `of` makes it that of one Gateway. */
export function sharedService(gateways: readonly ObjectVersion[], ports: readonly InfraPort[], of?: ObjectVersion): InfraService {
  return {
    gateways: gateways.map(({ namespace, name }) => ({ key: objectKey(namespace, name), addresses: [] })),
    ports,
    labels: {},
    annotations: {},
    ...(of === undefined ? {} : { of }),
  }
}

/** What the fleet of the class `headgate` needs. */
export function sharedFleet(services: readonly InfraService[], more: Partial<GatewayInfra> = {}): GatewayInfra {
  return {
    owner: { group: 'gateway.networking.k8s.io', kind: 'GatewayClass', namespace: '', name: 'headgate', generation: 1 },
    gatewayClass: 'headgate',
    ports: services.flatMap(({ ports }) => ports.map((port) => ({ ...port, name: `tcp-${port.boundPort}` }))),
    labels: {},
    annotations: {},
    services,
    config: {},
    ...more,
  }
}
