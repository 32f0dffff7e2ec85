/** Reads the values of command line options. Each function throws commander's error with what is wrong and what would be right. */
import { isIP } from 'node:net'
import { InvalidArgumentError } from 'commander'
import type { RoutePacking } from '../xds/translate/packing.js'
import type { SocketAddress } from './config.js'

/** 0 to 65535; 0 takes any free port. */
export function port(value: string): number {
  const number = wholeNumber(value)
  if (number > 65_535) throw new InvalidArgumentError('A port is at most 65535.')
  return number
}

/** A whole number from 0. */
export function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('Write a whole number from 0, such as 100.')
  return Number(value)
}

/** `:8080`, `127.0.0.1:8080` or `[::1]:8080`; without a host every address of the machine. */
export function socketAddress(value: string): SocketAddress {
  const [, host = '', digits = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(value)?.filter((part) => part !== undefined) ?? []
  const onlyPort = /^:(\d+)$/.exec(value)?.[1]
  if (onlyPort !== undefined) return { host: '', port: port(onlyPort) }
  if (digits === '' || isIP(host) === 0)
    throw new InvalidArgumentError('Write ADDRESS:PORT, such as 127.0.0.1:8080, [::1]:8080 or :8080 for all addresses.')
  return { host, port: port(digits) }
}

/** `127.0.0.1:8081` or `ratelimit.example.com:8081`. */
export function service(value: string): SocketAddress {
  const [, host = '', digits = ''] = /^([A-Za-z0-9.-]+):(\d+)$/.exec(value) ?? []
  if (host === '') throw new InvalidArgumentError('Write HOST:PORT, such as 127.0.0.1:8081 or ratelimit.example.com:8081.')
  return { host, port: port(digits) }
}

/** `a,b` as a list; names of Kubernetes namespaces. */
export function namespaces(value: string): readonly string[] {
  const names = value.split(',').map((name) => name.trim())
  const wrong = names.find((name) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
  if (wrong !== undefined)
    throw new InvalidArgumentError(`"${wrong}" is not the name of a namespace. Write names with commas between them, such as web,shop.`)
  return [...new Set(names)]
}

/** `example.com,*.example.org,registry:5000` as a list: hosts, with a port or without, and all below a domain. */
export function hosts(value: string): readonly string[] {
  const names = value.split(',').map((name) => name.trim().toLowerCase())
  const wrong = names.find((name) => !/^(\*\.)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?$/.test(name))
  if (wrong !== undefined)
    throw new InvalidArgumentError(`"${wrong}" is no host. Write hosts with commas between them, such as example.com,*.example.org.`)
  return [...new Set(names)]
}

/** `rds`, `scoped` or `scoped-above=1000`. */
export function routePacking(value: string): RoutePacking {
  if (value === 'rds' || value === 'scoped') return value
  const limit = /^scoped-above=(.*)$/.exec(value)?.[1]
  if (limit === undefined)
    throw new InvalidArgumentError('Write rds, scoped, or scoped-above= and a number of hosts, such as scoped-above=1000.')
  return { scopedAbove: wholeNumber(limit) }
}

/** What `routePacking` reads. */
export function printRoutePacking(packing: RoutePacking): string {
  return typeof packing === 'string' ? packing : `scoped-above=${packing.scopedAbove}`
}

/** `example.com/name`: a domain and a path, as GatewayClass wants it. */
export function controllerName(value: string): string {
  if (/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(value)) return value
  throw new InvalidArgumentError('Write DOMAIN/NAME, such as headgate.dev/gateway-controller.')
}
