/**
 * Headers by which proxies and servers find out where a message ends and what becomes of its connection: they are of the connection, and
 * what one hop writes into them the next one believes. With another length, what clients send behind a request is the beginning of the next
 * one on its connection, whoever sends that, past all policies of the rule that it is for.
 *
 * Source: RFC 9112 §6.3 and §11.2, RFC 9110 §7.6.1.
 */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** True for names of such headers, in lower case: nobody's configuration may write them. */
export function isFraming(name: string): boolean {
  return FRAMING.has(name)
}

/** True also for what every request has, and cannot get from somebody who only says who sends it: the host, and what the connection can do. */
export function isOfConnection(name: string): boolean {
  return isFraming(name) || name === 'host' || name === 'te'
}
