/**
 * Trust between control plane and proxies on one machine: an authority of our own in the state folder, a certificate for the server, and
 * one for the proxies, as files that Envoy reads again when they change. The rate limit service, which is no proxy, has one of its own.
 *
 * That of the proxies and its key are one file: Envoy reads both again whenever one of the folder is replaced, and complains about a key
 * that has come before its certificate.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { XdsTls } from '../../../envoy/xds-cluster.js'
import { authoritySecret, certificateSecret } from '../../../envoy/xds-secrets.js'
import { RATE_LIMIT_GROUP } from '../../xds/rate-limit-group.js'
import { groupUri } from '../../xds/server/client-identity.js'
import type { ServerClock } from '../../xds/server/clock.js'
import {
  AUTHORITY_LIFETIME_MS,
  CertificateRotation,
  LEAF_LIFETIME_MS,
  RATE_LIMIT_CERTIFICATE_LIFETIME_MS,
} from '../../xds/server/tls/certificate-rotation.js'
import { type CertificatePair, createAuthority, issueCertificate } from '../../xds/server/tls/certificates.js'
import { keepFresh } from '../../xds/server/tls/keep-fresh.js'
import type { TlsServerCredentials } from '../../xds/server/tls/tls-credentials.js'
import { LOCAL_GROUP } from './local-placements.js'

/** What both sides need. */
export interface LocalTrust {
  readonly credentials: TlsServerCredentials
  /** For the bootstrap of a proxy on this machine. */
  readonly proxy: XdsTls
  /**
   * Writes the files of proxies and keeps them fresh. For whoever is sure to run: the folder may be in use, and one that does not get its port
   * has nothing to renew there.
   */
  admitProxies(): Promise<void>
  /** No further renewals. */
  stop(): void
}

const SERVER_NAME = 'headgate.internal'

/** Reads the authority from the folder, or makes it there, and keeps the server's certificate fresh until `stop`. */
export async function startLocalTrust(folder: string, clock: ServerClock): Promise<LocalTrust> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const files = Object.fromEntries(FILES.map((file) => [file, join(folder, file)])) as Readonly<Record<(typeof FILES)[number], string>>
  const authority = await loadOrCreate(files['authority.crt'], files['authority.key'], () =>
    createAuthority('headgate on this machine', clock.wallTime(), AUTHORITY_LIFETIME_MS),
  )
  const rotation = new CertificateRotation([authority], { dnsNames: [SERVER_NAME], addresses: [] }, clock)
  const stops = [() => rotation.stop()]
  const renew = async (): Promise<CertificatePair> => {
    const request = { commonName: 'local proxy', uris: [groupUri(LOCAL_GROUP)], usage: 'client', lifetimeMs: LEAF_LIFETIME_MS } as const
    const pair = issueCertificate(authority, request, clock.wallTime())
    await replace(files['proxy.pem'], `${pair.certificate}${pair.privateKey}`)
    const service = {
      ...request,
      commonName: 'rate limit service',
      uris: [groupUri(RATE_LIMIT_GROUP)],
      lifetimeMs: RATE_LIMIT_CERTIFICATE_LIFETIME_MS,
    }
    await writePair(files['rate-limits.crt'], files['rate-limits.key'], issueCertificate(authority, service, clock.wallTime()))
    return pair
  }
  return {
    credentials: rotation.credentials,
    proxy: {
      authoritySecretFile: files['authority.json'],
      serverName: SERVER_NAME,
      certificateSecretFile: files['proxy.json'],
    },
    admitProxies: async () => {
      stops.push(keepFresh(clock, await renew(), renew))
      await replace(files['authority.json'], authoritySecret(files['authority.crt']))
      await replace(files['proxy.json'], certificateSecret(files['proxy.pem'], files['proxy.pem']))
    },
    stop: () => {
      for (const stop of stops) stop()
    },
  }
}

const FILES = ['authority.crt', 'authority.key', 'authority.json', 'proxy.pem', 'proxy.json', 'rate-limits.crt', 'rate-limits.key'] as const

async function loadOrCreate(certificateFile: string, keyFile: string, create: () => CertificatePair): Promise<CertificatePair> {
  try {
    return { certificate: await readFile(certificateFile, 'utf8'), privateKey: await readFile(keyFile, 'utf8') }
  } catch (error) {
    if (!isMissing(error)) throw error
    const made = create()
    await writePair(certificateFile, keyFile, made)
    return made
  }
}

/** The key first: whoever sees the new certificate finds its key. */
async function writePair(certificateFile: string, keyFile: string, pair: CertificatePair): Promise<void> {
  await replace(keyFile, pair.privateKey)
  await replace(certificateFile, pair.certificate)
}

/** By renaming: nobody reads half a file. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT'
}
