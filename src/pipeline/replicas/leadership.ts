/** Who of several replicas writes, and what it writes. */
import type { KubernetesConfig } from '../../config/config.js'
import { ClassClaims } from '../../infra/kubernetes/class-claims.js'
import { keepCertificateSecret } from '../../k8s/certificate-secret.js'
import { LeaseElector } from '../../k8s/lease-elector.js'
import { runAll } from '../../util/run-all.js'
import type { ClusterAccess } from '../cluster/access.js'
import type { ClusterFleets } from '../cluster/fleets.js'
import { rateLimitIdentity } from '../cluster/rate-limit-identity.js'
import { rivalEvent } from '../cluster/rivals.js'
import type { ClusterStatuses } from '../cluster/statuses.js'
import { formatHolder, type Holder } from './identity.js'

/** What a leader does. */
export interface LeadershipOptions {
  readonly access: ClusterAccess
  readonly config: KubernetesConfig
  /** This replica. */
  readonly self: Holder
  readonly statuses: ClusterStatuses
  readonly fleets: ClusterFleets
}

/** The election, and what it is about. */
export interface Leadership {
  readonly elector: LeaseElector
  /** Which installation serves each class; undefined where that is not claimed. */
  readonly claims: ClassClaims | undefined
}

/** Nobody is elected before `elector.start`. */
export function leadership({ access, config, self, statuses, fleets }: LeadershipOptions): Leadership {
  const { edge } = access
  const { controllerName, namespace, xdsService } = config
  const writeObjects = (running: AbortSignal): Promise<void> =>
    runAll([(each) => statuses.writer.start(each), (each) => fleets.lead(each)], running)
  const installation = `${namespace}/${xdsService}`
  // Installations for some namespaces each may share a name, as long as no namespace is that of two.
  const claims =
    config.watch.kind === 'all'
      ? new ClassClaims({
          ...{ ...edge, controllerName, installation },
          onRival: (rival) => {
            const { uid, ...object } = rival.gatewayClass
            const gatewayClass = { group: 'gateway.networking.k8s.io', kind: 'GatewayClass', namespace: '', ...object }
            statuses.note(gatewayClass, rivalEvent(rival, installation), uid)
          },
        })
      : undefined
  const keepRateLimitIdentity = (running: AbortSignal): Promise<void> =>
    keepCertificateSecret(rateLimitIdentity(access, namespace), running)
  const elector = new LeaseElector({
    ...edge,
    namespace,
    // Of two installations in one namespace each has a leader.
    name: `${xdsService}-leader`,
    identity: formatHolder(self),
    lead: (leading) =>
      runAll(
        [
          (running) => (claims === undefined ? writeObjects(running) : claims.lead(writeObjects, running)),
          (running) => statuses.events.start(running),
          ...(config.rateLimitService === undefined ? [] : [keepRateLimitIdentity]),
        ],
        leading,
      ),
  })
  return { elector, claims }
}
