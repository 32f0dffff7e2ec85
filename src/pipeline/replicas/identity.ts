/** Replicas know each other by certificates of their common authority, and find the leader by what it wrote into the Lease. */
import type { PeerCertificate } from 'node:tls'

const REPLICA_URI = 'headgate:replica:'

/** The name in a certificate (a URI as subject alternative name) of the replica with this name. */
export function replicaUri(name: string): string {
  return `${REPLICA_URI}${encodeURIComponent(name)}`
}

/** The replica that a certificate belongs to; undefined for proxies and everybody else. */
export function replicaOf(certificate: PeerCertificate | undefined): string | undefined {
  const uris = (certificate?.subjectaltname ?? '').split(', ').flatMap((name) => (name.startsWith(`URI:${REPLICA_URI}`) ? [name] : []))
  const [uri] = uris
  return uri === undefined ? undefined : decodeURIComponent(uri.slice(`URI:${REPLICA_URI}`.length))
}

/** What a replica writes into the Lease: its name, and where it is reached. */
export interface Holder {
  readonly name: string
  /** `host:port`; undefined for a replica that cannot be reached by others. */
  readonly address: string | undefined
}

/** The text in the Lease. Names of pods have no `@`. */
export function formatHolder({ name, address }: Holder): string {
  return address === undefined ? name : `${name}@${address}`
}

/** Reads the text in the Lease. */
export function parseHolder(text: string): Holder {
  const at = text.indexOf('@')
  return at < 0 ? { name: text, address: undefined } : { name: text.slice(0, at), address: text.slice(at + 1) }
}

/** `host:port` of an IP address or a name. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
