import type { envoy } from '../../gen/envoy/types.js'
import type { TcpKeepalive } from '../../ir/cluster.js'
import { uint32 } from '../message.js'

/** How a silent connection is asked whether the other side is there, by the kernel; what is not said is left to it. */
export function tcpKeepalive({ probes, idleSeconds, intervalSeconds }: TcpKeepalive): envoy.config.core.v3.TcpKeepalive {
  return {
    ...(probes === undefined ? {} : { keepaliveProbes: uint32(probes) }),
    ...(idleSeconds === undefined ? {} : { keepaliveTime: uint32(idleSeconds) }),
    ...(intervalSeconds === undefined ? {} : { keepaliveInterval: uint32(intervalSeconds) }),
  }
}
