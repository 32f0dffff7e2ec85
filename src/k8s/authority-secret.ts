/** The authority of the control plane in a Secret: made once, whoever comes second reads it. */

import type { AuthorityStore } from '../xds/server/tls/certificate-rotation.js'
import type { CertificatePair } from '../xds/server/tls/certificates.js'
import type { KubeClient } from './kube-client.js'
import { hasStatus } from './kube-error.js'
import { type JsonObject, stringAt } from './kube-json.js'
import { collectionPath, objectPath } from './resource-path.js'

const SECRETS = { group: '', version: 'v1', plural: 'secrets' }

/** The Secret holds something else than a certificate and its key. */
export class AuthoritySecretError extends Error {
  override readonly name = 'AuthoritySecretError'
}

/** Keeps the authority in this Secret, as `tls.crt` and `tls.key`. */
export function authoritySecret(client: KubeClient, namespace: string, name: string, signal: AbortSignal): AuthorityStore {
  const read = async (): Promise<CertificatePair | undefined> => {
    try {
      return parse(await client.json({ path: objectPath({ ...SECRETS, namespace, name }) }, signal), namespace, name)
    } catch (error) {
      if (hasStatus(error, 404)) return undefined
      throw error
    }
  }
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
  const [certificate, privateKey] = ['tls.crt', 'tls.key'].map((key) => Buffer.from(stringAt(secret, 'data', key), 'base64').toString())
  if (certificate === undefined || privateKey === undefined || certificate === '' || privateKey === '') {
    throw new AuthoritySecretError(`Secret/${namespace}/${name} holds no tls.crt and tls.key: delete it, and a new one is made`)
  }
  return { certificate, privateKey }
}
