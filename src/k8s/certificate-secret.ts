/** A client certificate in a Secret, for a program that cannot prove with a token who it is: kept fresh by the leader. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { type CertificatePair, isFresh } from '../xds/server/tls/certificates.js'
import { serverSideApply } from './apply.js'
import { API_BACKOFF, backoffMs } from './backoff.js'
import type { Clock } from './clock.js'
import type { KubeClient } from './kube-client.js'
import { type JsonObject, stringAt } from './kube-json.js'
import type { Log } from './log.js'
import { objectPath } from './resource-path.js'
import { restartReaders } from './restart-readers.js'

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
  /** True: Deployments that mount the Secret get other pods when the certificate was replaced. */
  readonly restartsReaders?: boolean
}

const SECRETS = { group: '', version: 'v1', plural: 'secrets' }
/** How often one looks: a Secret that somebody deleted or changed is made again. */
const CHECK_MS = 60_000
/** On a Secret whose certificate took the place of another one: pods may still have that. */
const REPLACED = 'headgate.dev/replaced'

/**
 * Keeps a certificate in the Secret until the signal aborts: makes it, and replaces it after two thirds of its life, when another authority
 * signs, or when it is not what it shall be. Never rejects: a failure is logged, and tried again.
 */
export async function keepCertificateSecret(options: CertificateSecretOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, namespace, name, restartsReaders } = options
  const secret = `${namespace}/${name}`
  let failures = 0
  let known: string | undefined
  while (!signal.aborted) {
    try {
      const found = await look(options, signal)
      if (found === 'issued') log.info({ secret }, 'a certificate was issued')
      // Not before the next look: who starts now may still be given the Secret as it was.
      else if (restartsReaders === true && found.isReplacement && found.serialNumber !== known) {
        const restarted = await restartReaders(options.client, { namespace, name, content: found.serialNumber }, signal)
        if (restarted.length > 0) log.info({ secret, deployments: restarted }, 'programs that read the certificate are started anew')
        known = found.serialNumber
      }
      failures = 0
    } catch (err) {
      if (signal.aborted) return
      log[failures++ === 0 ? 'warn' : 'debug']({ err, secret }, 'the Secret with the certificate could not be kept; trying again')
    }
    await clock.sleep(failures === 0 ? CHECK_MS : backoffMs(API_BACKOFF, failures, clock), signal)
  }
}

/** A good certificate in the Secret. */
interface Found {
  readonly serialNumber: string
  readonly isReplacement: boolean
}

/** What is in the Secret; `issued` if there was nothing good, and is now. */
async function look(
  { client, clock, namespace, name, authority, issue }: CertificateSecretOptions,
  signal: AbortSignal,
): Promise<Found | 'issued'> {
  const target = { ...SECRETS, namespace, name }
  const before = await client.find(objectPath(target), signal)
  const good = goodCertificate(before, authority, clock.wallTime())
  if (good !== undefined) {
    return { serialNumber: good.serialNumber, isReplacement: stringAt(before, 'metadata', 'annotations', REPLACED) === 'true' }
  }
  const { certificate, privateKey } = issue()
  const annotations = stringAt(before, 'data', 'tls.crt') === '' ? {} : { annotations: { [REPLACED]: 'true' } }
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'headgate' }, ...annotations },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(privateKey), 'ca.crt': base64(authority) },
  }
  await serverSideApply(client, target, body, { fieldManager: 'headgate', force: true }, signal)
  return 'issued'
}

function goodCertificate(secret: JsonObject | undefined, authority: string, now: Date): X509Certificate | undefined {
  const [certificate = '', privateKey = '', trusted] = ['tls.crt', 'tls.key', 'ca.crt'].map((key) =>
    Buffer.from(stringAt(secret, 'data', key), 'base64').toString(),
  )
  if (trusted !== authority || certificate === '' || privateKey === '') return undefined
  try {
    const leaf = new X509Certificate(certificate)
    const isGood =
      leaf.checkPrivateKey(createPrivateKey(privateKey)) &&
      leaf.verify(new X509Certificate(authority).publicKey) &&
      isFresh({ certificate }, now)
    return isGood ? leaf : undefined
  } catch {
    return undefined // neither a certificate nor a key: somebody wrote something else into it
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
