/** Where this machine has the certificates of the authorities that it trusts. */
import { existsSync } from 'node:fs'

/** Debian and Envoy's image, Fedora and its kin, SUSE, Alpine, macOS and the BSDs. */
const PLACES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem', '/etc/ssl/cert.pem']

/** The first PEM file that is there; undefined where none is. */
export function findSystemAuthorities(exists: (file: string) => boolean = existsSync): string | undefined {
  return PLACES.find(exists)
}
