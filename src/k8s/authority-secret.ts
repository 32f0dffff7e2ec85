/** The authority of the control plane in a Secret: made once, whoever comes second reads it. */

import type { AuthorityStore } from '../xds/server/tls/certificate-rotation.js'
import { authorityProblem, type CertificatePair } from '../xds/server/tls/certificates.js'
import type { Clock } from './clock.js'
import type { KubeClient } from './kube-client.js'
import { hasStatus } from './kube-error.js'
import { type JsonObject, stringAt } from './kube-json.js'
import type { Log } from './log.js'
import { collectionPath, objectPath } from './resource-path.js'

const SECRETS = { group: '', version: 'v1', plural: 'secrets' }

/** The Secret holds something else than the certificate of an authority and its key. */
export class AuthoritySecretError extends Error {
  override readonly name = 'AuthoritySecretError'
}

/** Keeps the authority in this Secret, as `tls.crt` and `tls.key`. */
export function authoritySecret(client: KubeClient, namespace: string, name: string, signal: AbortSignal): AuthorityStore {
  const read = (): Promise<CertificatePair | undefined> => readAuthority(client, namespace, name, signal)
  return {
    async loadOrCreate(create) {
      const known = await read()
      if (known !== undefined) return known
      const made = create()
      try {
        await client.json({ method: 'POST', path: collectionPath(SECRETS, namespace), body: manifest(made, namespace, name) }, signal)
        return made
      } catch (error) {
        if (!hasStatus(error, 409)) throw error
        const theirs = await read()
        if (theirs === undefined) throw error
        return theirs
      }
    },
  }
}

/** Where an authority that somebody else makes is waited for. */
export interface AuthorityEdge {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
}

/** How often one looks for the Secret. */
const WAIT_MS = 2_000

/**
 * The authority that somebody else, such as cert-manager, keeps in this Secret: waits until it is there. Its key must be ECDSA on P-256.
 * Throws what keeps the Secret from being read, and the signal's reason.
 */
export async function awaitAuthoritySecret(
  { client, clock, log }: AuthorityEdge,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<CertificatePair> {
  for (let isFirst = true; ; isFirst = false) {
    const found = await readAuthority(client, namespace, name, signal)
    if (found !== undefined) return found
    if (isFirst) log.info({ secret: `${namespace}/${name}` }, 'waiting for the Secret of the authority')
    await clock.sleep(WAIT_MS, signal)
    signal.throwIfAborted()
  }
}

/**
 * The `metadata.uid` of a Secret that exists: it stays when what the Secret holds is renewed, and only those know it who may read Secrets there.
 */
export async function secretUid(client: KubeClient, namespace: string, name: string, signal: AbortSignal): Promise<string> {
  const secret = await client.json({ path: objectPath({ ...SECRETS, namespace, name }) }, signal)
  const uid = stringAt(secret, 'metadata', 'uid')
  if (uid === '') throw new AuthoritySecretError(`the Secret ${namespace}/${name} has no uid`)
  return uid
}

async function readAuthority(
  client: KubeClient,
  namespace: string,
  name: string,
  signal: AbortSignal,
): Promise<CertificatePair | undefined> {
  const secret = await client.find(objectPath({ ...SECRETS, namespace, name }), signal)
  return secret && parse(secret, namespace, name)
}

function manifest({ certificate, privateKey }: CertificatePair, namespace: string, name: string): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'headgate' } },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': certificate, 'tls.key': privateKey },
  }
}

function parse(secret: JsonObject, namespace: string, name: string): CertificatePair {
  const [certificate, privateKey, root = ''] = ['tls.crt', 'tls.key', 'ca.crt'].map((key) =>
    Buffer.from(stringAt(secret, 'data', key), 'base64').toString(),
  )
  if (certificate === undefined || privateKey === undefined || certificate === '' || privateKey === '') {
    throw new AuthoritySecretError(`Secret/${namespace}/${name} holds no tls.crt and tls.key: delete it, and a new one is made`)
  }
  const problem = authorityProblem({ certificate, privateKey })
  if (problem !== undefined) throw new AuthoritySecretError(`Secret/${namespace}/${name} holds no authority that can sign: ${problem}`)
  // An authority that another one signed is trusted through that one.
  const isSigned = root.trim() !== '' && !certificate.includes(root.trim())
  return { certificate: isSigned ? `${certificate.trimEnd()}\n${root}` : certificate, privateKey }
}
