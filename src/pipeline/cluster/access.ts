/** What a controller in a cluster begins with: the API server, who it is to its proxies, and what they rejected before. */
import type { ServerCredentials } from '@grpc/grpc-js'
import type { KubernetesConfig } from '../../config/config.js'
import { headgateVersion } from '../../config/version.js'
import { authoritySecret, awaitAuthoritySecret, secretUid } from '../../k8s/authority-secret.js'
import { type Clock, systemClock } from '../../k8s/clock.js'
import { kubeConfigCredentials } from '../../k8s/credentials.js'
import { KubeClient } from '../../k8s/kube-client.js'
import { untilAnswered } from '../../k8s/until-answered.js'
import type { Logger } from '../../telemetry/logger.js'
import { keepRejectedVersions } from '../../xds/keep-rejected-versions.js'
import { RejectedVersions } from '../../xds/rejected-versions.js'
import { serverClock } from '../../xds/server/clock.js'
import { AUTHORITY_LIFETIME_MS, CertificateRotation } from '../../xds/server/tls/certificate-rotation.js'
import { type CertificatePair, createAuthority } from '../../xds/server/tls/certificates.js'
import { rejectedVersionConfigMap } from '../replicas/rejected-version-config-map.js'

const REJECTED_VERSIONS = 'headgate-rejected-versions'

/** Stands as long as the controller runs. */
export interface ClusterAccess {
  /** What everything that talks to the API server works with. The client is to be closed last. */
  readonly edge: { readonly client: KubeClient; readonly clock: Clock; readonly log: Logger }
  /** Signs for the xDS server, for replicas and for the rate limit service. */
  readonly authority: CertificatePair
  /** The name under which proxies and other replicas reach the xDS server. */
  readonly serverName: string
  /** Of the xDS server: its certificate is renewed while it runs. */
  readonly credentials: ServerCredentials
  /** Shared with other replicas, and kept over restarts. */
  readonly rejected: RejectedVersions
  /** What nobody outside of the namespace of the controller knows, see `drainKey`. */
  readonly drainSecret: string
  /** Renews and saves nothing any more. */
  stop(): void
}

/** Resolves when the API server has answered all of it. Throws what keeps it from being reached, and what it refuses. */
export async function accessCluster(config: KubernetesConfig, logger: Logger, signal: AbortSignal): Promise<ClusterAccess> {
  const { namespace } = config
  const client = new KubeClient(
    kubeConfigCredentials({
      ...(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig }),
      ...(config.context === undefined ? {} : { context: config.context }),
    }),
    `headgate/${headgateVersion()}`,
  )
  const edge = { client, clock: systemClock, log: logger }
  const answered = <Answer>(ask: () => Promise<Answer>): Promise<Answer> => untilAnswered(edge, ask, signal)
  const authority = await answered(() =>
    config.awaitAuthority
      ? awaitAuthoritySecret(edge, namespace, config.authoritySecret, signal)
      : authoritySecret(client, namespace, config.authoritySecret, signal).loadOrCreate(() =>
          createAuthority('headgate', new Date(), AUTHORITY_LIFETIME_MS),
        ),
  )
  const serverName = `${config.xdsService}.${namespace}.svc`
  const certificates = new CertificateRotation([authority], { dnsNames: [serverName, config.xdsService], addresses: [] }, serverClock)

  const rejected = new RejectedVersions()
  const kept = rejectedVersionConfigMap({ ...edge, namespace, name: REJECTED_VERSIONS, signal })
  const [keeper, drainSecret] = await Promise.all([
    answered(() => keepRejectedVersions(rejected, kept, (err) => logger.debug({ err }, 'the list of rejected versions was not saved'))),
    answered(() => secretUid(client, namespace, config.authoritySecret, signal)),
  ])
  return {
    edge,
    authority,
    serverName,
    credentials: certificates.credentials,
    rejected,
    drainSecret,
    stop: () => {
      certificates.stop()
      keeper.stop()
    },
  }
}
