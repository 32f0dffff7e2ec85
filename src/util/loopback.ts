import { BlockList, isIP } from 'node:net'

/** True for an address that leads nowhere but to this machine: 127.0.0.0/8 and ::1. Names are none, whatever they lead to. */
export function isLoopback(host: string): boolean {
  const loopback = new BlockList()
  loopback.addSubnet('127.0.0.0', 8, 'ipv4')
  loopback.addAddress('::1', 'ipv6')
  const family = isIP(host)
  return family !== 0 && loopback.check(host, family === 4 ? 'ipv4' : 'ipv6')
}
