/** A real Envoy that the controller takes for one of its Gateway's pods. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authoritySecret, certificateSecret } from '../../envoy/xds-secrets.js'
import type { KubeClient } from '../../src/k8s/kube-client.js'
import { hasStatus } from '../../src/k8s/kube-error.js'
import { type JsonObject, stringAt } from '../../src/k8s/kube-json.js'
import { groupUri } from '../../src/xds/server/client-identity.js'
import { issueCertificate } from '../../src/xds/server/tls/certificates.js'
import { startEnvoy } from '../../test/xds/support/real-envoy.js'
import { until } from '../bench-cluster/cluster.js'
import { NAMESPACE } from '../bench-cluster/manifests.js'
import type { Controller } from './controller.js'
import { GROUP, LAST_HOST } from './objects.js'

const COMPLETE_WITHIN_MS = 120_000
const DAY_MS = 24 * 3_600_000

/** Starts one, with a certificate of the controller's own authority, which stands in a Secret as soon as it was started. */
export async function startProxy(client: KubeClient, controller: Controller, signal: AbortSignal): Promise<AsyncDisposable> {
  const secret = await until('the authority of the controller', () => authorityOf(client, signal))
  const pem = (name: string): string => Buffer.from(stringAt(secret, 'data', name), 'base64').toString()
  const authority = { certificate: pem('tls.crt'), privateKey: pem('tls.key') }
  const request = { commonName: 'proxy', uris: [groupUri(GROUP)], usage: 'client', lifetimeMs: DAY_MS } as const
  const { certificate, privateKey } = issueCertificate(authority, request, new Date())
  const folder = mkdtempSync(join(tmpdir(), 'bench-memory-'))
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const envoy = await startEnvoy({
    id: 'bench',
    cluster: GROUP,
    xds: {
      port: controller.xdsPort,
      tls: {
        serverName: `headgate.${NAMESPACE}.svc`,
        authoritySecretFile: file('authority.json', authoritySecret(file('ca.crt', authority.certificate))),
        certificateSecretFile: file('certificate.json', certificateSecret(file('tls.crt', certificate), file('tls.key', privateKey))),
      },
    },
  })
  return {
    async [Symbol.asyncDispose]() {
      await envoy[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Resolves when the Envoy at this port has all configuration. */
export async function complete(port: number): Promise<void> {
  await until('the last route at Envoy', async () => ((await statusOf(port)) === 503 ? true : undefined), COMPLETE_WITHIN_MS, 10)
}

async function authorityOf(client: KubeClient, signal: AbortSignal): Promise<JsonObject | undefined> {
  try {
    return await client.json({ path: `/api/v1/namespaces/${NAMESPACE}/secrets/headgate-authority` }, signal)
  } catch (error) {
    if (hasStatus(error, 404)) return undefined
    throw error
  }
}

function statusOf(port: number): Promise<number> {
  return new Promise((resolve) => {
    const sent = request({ host: '127.0.0.1', port, headers: { host: LAST_HOST }, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.on('error', () => resolve(0))
    sent.end()
  })
}
