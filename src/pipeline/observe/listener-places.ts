/** Where listeners really listen, for people. */
import type { ListenerPlace } from '../../admin/sources.js'
import { compareText } from '../../util/compare-text.js'
import { objectKey } from '../../util/object-ref.js'
import type { Translation } from '../translation.js'

/** Every listener of ours, in the order of gateways and ports. One that lost its host to another listener is at no bound port. */
export function listenerPlaces({ gatewayApi }: Pick<Translation, 'gatewayApi'>): readonly ListenerPlace[] {
  const ports = new Map(
    [...gatewayApi.ports.entries()].flatMap(([, port]) =>
      port.transport === 'QUIC' ? [] : [[place(port.name.split('/', 2).join('/'), port.port, port.transport), port]],
    ),
  )
  const places = [...gatewayApi.listeners.entries()].map(([, listener]) => {
    const word = place(listener.scope, listener.port, listener.protocol === 'UDP' ? 'UDP' : 'TCP')
    const port = listener.serves || listener.guardsHost ? ports.get(word) : undefined
    return {
      gateway: objectKey(listener.gateway.namespace, listener.gateway.name),
      ...(listener.parent.kind === 'Gateway' ? {} : { listenerSet: objectKey(listener.parent.namespace, listener.parent.name) }),
      listener: listener.name,
      protocol: listener.protocol ?? 'unknown',
      port: listener.port,
      boundPort: port?.boundPort,
      addresses: port?.addresses ?? [],
    }
  })
  return places.sort(
    (a, b) =>
      compareText(a.gateway, b.gateway) ||
      a.port - b.port ||
      compareText(a.listenerSet ?? '', b.listenerSet ?? '') ||
      compareText(a.listener, b.listener),
  )
}

function place(scope: string, port: number, transport: 'TCP' | 'UDP'): string {
  return `${scope} ${port}/${transport}`
}
