/** A client certificate in a Secret, for a program that cannot prove with a token who it is: kept fresh by the leader. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { type CertificatePair, renewalTime } from '../xds/server/tls/certificates.js'
import { serverSideApply } from './apply.js'
import { API_BACKOFF, backoffMs } from './backoff.js'
import type { Clock } from './clock.js'
import type { KubeClient } from './kube-client.js'
import { hasStatus } from './kube-error.js'
import { type JsonObject, stringAt } from './kube-json.js'
import type { Log } from './log.js'
import { objectPath } from './resource-path.js'

/** Which Secret, and what is in it. */
export interface CertificateSecretOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  readonly namespace: string
  readonly name: string
  /** The authority that signs, as PEM; further certificates may follow. It is in the Secret as `ca.crt`. */
  readonly authority: string
  /** Makes a certificate of that authority: `tls.crt` and `tls.key` of the Secret. */
  readonly issue: () => CertificatePair
}

const SECRETS = { group: '', version: 'v1', plural: 'secrets' }
/** How often one looks: a Secret that somebody deleted or changed is made again. */
const CHECK_MS = 60_000

/**
 * Keeps a certificate in the Secret until the signal aborts: makes it, and replaces it after two thirds of its life, when another authority
 * signs, or when it is not what it shall be. Never rejects: a failure is logged, and tried again.
 */
export async function keepCertificateSecret(options: CertificateSecretOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, namespace, name } = options
  const secret = `${namespace}/${name}`
  let failures = 0
  while (!signal.aborted) {
    try {
      if (await renew(options, signal)) log.info({ secret }, 'a certificate was issued: programs that read it at start need a restart')
      failures = 0
    } catch (err) {
      if (signal.aborted) return
      log[failures++ === 0 ? 'warn' : 'debug']({ err, secret }, 'the Secret with the certificate could not be kept; trying again')
    }
    await clock.sleep(failures === 0 ? CHECK_MS : backoffMs(API_BACKOFF, failures, clock), signal)
  }
}

/** True if a new one was needed, and is there now. */
async function renew(
  { client, clock, namespace, name, authority, issue }: CertificateSecretOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const target = { ...SECRETS, namespace, name }
  if (isGood(await read(client, objectPath(target), signal), authority, clock.wallTime())) return false
  const { certificate, privateKey } = issue()
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'headgate' } },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(privateKey), 'ca.crt': base64(authority) },
  }
  await serverSideApply(client, target, body, { fieldManager: 'headgate', force: true }, signal)
  return true
}

async function read(client: KubeClient, path: string, signal: AbortSignal): Promise<JsonObject | undefined> {
  try {
    return await client.json({ path }, signal)
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}

function isGood(secret: JsonObject | undefined, authority: string, now: Date): boolean {
  const [certificate = '', privateKey = '', trusted] = ['tls.crt', 'tls.key', 'ca.crt'].map((key) =>
    Buffer.from(stringAt(secret, 'data', key), 'base64').toString(),
  )
  if (trusted !== authority || certificate === '' || privateKey === '') return false
  try {
    const leaf = new X509Certificate(certificate)
    return (
      leaf.checkPrivateKey(createPrivateKey(privateKey)) &&
      leaf.verify(new X509Certificate(authority).publicKey) &&
      now < renewalTime({ certificate, privateKey })
    )
  } catch {
    return false // neither a certificate nor a key: somebody wrote something else into it
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
