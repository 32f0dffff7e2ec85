import { readFileSync } from 'node:fs'

/**
 * The kernel's timer of one end of a connection, in hundredths of a second from now on; undefined where it is none of keepalive. Source: Linux,
 * `/proc/net/tcp`.
 */
export function keepaliveTimer(local: number | undefined, remote: number | undefined): number | undefined {
  const hex = (port: number | undefined): string => (port ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const line = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((each) => each.trim().split(/\s+/))
    .find(([, here = '', there = '']) => here.endsWith(`:${hex(local)}`) && there.endsWith(`:${hex(remote)}`))
  const [kind, when = ''] = (line?.[5] ?? '').split(':')
  return kind === '02' ? Number.parseInt(when, 16) : undefined
}
