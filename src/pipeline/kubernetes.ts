/** Headgate in a cluster: objects from the API server, an Envoy fleet per Gateway, statuses by the replica that leads. */
import { type RunningHttpServer, startHttpServer } from '../admin/http-server.js'
import { adminRoutes, healthRoutes, metricsRoutes } from '../admin/routes.js'
import type { AdminSources, StatusReport } from '../admin/sources.js'
import { ownStatus } from '../admin/status-report.js'
import type { KubernetesConfig } from '../config/config.js'
import { listenError } from '../config/listen-error.js'
import { headgateVersion } from '../config/version.js'
import { DEFINITIONS_KEY } from '../gatewayapi/inputs.js'
import { bindAddresses } from '../infra/kubernetes/bind-addresses.js'
import { PodPlacements } from '../infra/kubernetes/pod-placements.js'
import { untilAborted } from '../k8s/abort.js'
import type { KubeClient } from '../k8s/kube-client.js'
import { kubernetesTokenReviewer, type TokenReviewOptions } from '../k8s/token-review.js'
import { KINDS } from '../kinds/index.js'
import { KubernetesProvider } from '../provider/kubernetes/kubernetes-provider.js'
import type { WatchScope } from '../provider/kubernetes/watch-scope.js'
import type { ForbiddenKind } from '../status/forbidden-statuses.js'
import type { Logger } from '../telemetry/logger.js'
import { createMetrics } from '../telemetry/metrics.js'
import { runAll } from '../util/run-all.js'
import type { Authenticator } from '../xds/server/authentication.js'
import { certificateOrToken, TokenAuthenticator } from '../xds/server/client-identity.js'
import { serverClock } from '../xds/server/clock.js'
import { accessCluster } from './cluster/access.js'
import { describeDefinitions } from './cluster/definitions.js'
import { fleetsOf } from './cluster/fleet-accounts.js'
import { clusterFleets } from './cluster/fleets.js'
import { clusterSources } from './cluster/sources.js'
import { clusterStatuses } from './cluster/statuses.js'
import { type ControlPlane, createControlPlane } from './control-plane.js'
import { retryBinds } from './deliveries/bind-retries.js'
import { ExtensionHooks } from './extension-hooks.js'
import { createFetcher } from './fetches.js'
import { ObjectStatuses } from './observe/object-statuses.js'
import { observe, roundObserver } from './observe/observe.js'
import { hostAndPort } from './replicas/identity.js'
import { leadership } from './replicas/leadership.js'
import { replicaPeers } from './replicas/peers.js'
import { replicaService } from './replicas/service.js'
import { translationSettings } from './translation-settings.js'

/** Kinds of which only the objects are read that something names: nobody hands us all Secrets of a cluster. */
const BY_REFERENCE = ['Secret', 'ConfigMap'] as const

/** Runs until the signal aborts. Throws `ListenError`, and what keeps the API server from being reached at start. */
export async function runKubernetes(config: KubernetesConfig, logger: Logger, signal: AbortSignal): Promise<void> {
  const metrics = createMetrics(headgateVersion())
  const statuses = new ObjectStatuses()
  const addresses = bindAddresses(config.podAddresses)
  const access = await accessCluster(config, logger, signal)
  const { client } = access.edge

  const written = clusterStatuses(access, config, metrics, (kind) => provider.servedVersion(kind))
  const provider = new KubernetesProvider({
    ...access.edge,
    kinds: KINDS,
    scope: scopeOf(config),
    byReference: new Set(BY_REFERENCE),
    onStatus: (kind, key, stored) => written.writer.observe(`${kind}/${key}`, stored),
    onCustomResources: (resources) => {
      if (controlPlane.translation.inputs.definitions.set(DEFINITIONS_KEY, describeDefinitions(resources))) controlPlane.pipeline.touched()
    },
  })
  const hooks = config.extensionServer && new ExtensionHooks(config.extensionServer, metrics, logger)
  const rules = { allowsLoopback: false, hosts: config.fetchHosts, plainHosts: config.fetchPlainHosts ?? [] }
  const fetcher = createFetcher({ rules, logger, metrics, controlPlane: () => controlPlane })
  const fleets = clusterFleets(access, config, addresses, provider, () => controlPlane)
  const controlPlane: ControlPlane = createControlPlane({
    ...translationSettings(config, { allowExternalName: false }),
    hooks,
    placements: new PodPlacements(addresses),
    fetches: fetcher,
    references: { kinds: BY_REFERENCE, want: (wanted, isFirst) => provider.want(wanted, isFirst) },
    authenticator: proxyAuthenticator(client, signal, (namespace, account) =>
      fleetsOf(controlPlane.translation, config.namespace, namespace, account),
    ),
    credentials: access.credentials,
    rejected: access.rejected,
    log: logger.child({ component: 'xds' }),
    onStatuses: (changes) => {
      statuses.apply(changes)
      written.writer.set(changes)
    },
    ...fleets.told,
    onRound: roundObserver(metrics, logger),
  })
  const { server, pipeline } = controlPlane
  const history = observe(controlPlane, metrics)

  const self = {
    name: config.replicaName,
    address: config.replicaAddress === undefined ? undefined : hostAndPort(config.replicaAddress, config.xds.port),
  }
  const leads = leadership({ access, config, self, statuses: written, fleets })
  const { elector } = leads
  const refusedReads = (): ReadonlyMap<string, string> => new Map([...provider.refusals(), ...fleets.provisioner.refusals])
  const onSilence = (milliseconds: number): void => {
    metrics.apiSilenceSeconds.set(milliseconds / 1000)
    metrics.unreadResources.set(refusedReads().size)
    metrics.leading.set(elector.isLeader && leads.claims?.rival === undefined ? 1 : 0)
  }
  const status = (): StatusReport => ownStatus(sources)
  const peers = replicaPeers({ access, config, self, elector, controlPlane, history, status, onSilence, logger })
  const forbiddenStatuses = (): readonly ForbiddenKind[] => written.writer.forbidden.values()
  const observed = { statuses, history, refusedReads, forbiddenStatuses, metrics }
  const told = { config, controlPlane, provider, leadership: leads, peers, hooks, ...observed }
  const sources = clusterSources(told)

  server.addService(replicaService(), peers.answers)
  await server.listen(config.xds.host, config.xds.port).catch((error: unknown) => {
    throw listenError(error, { what: 'the xDS server', ...config.xds, flag: '--xds-address' })
  })
  const http = await startServers(config, sources, logger)
  logger.info({ namespace: config.namespace, replica: config.replicaName }, 'Headgate is running')
  try {
    await runAll(
      [
        (running) => provider.start(pipeline, running),
        (running) => fleets.provisioner.observe(running),
        async (running) => {
          // Who has not seen yet what Gateways have would write that they have no addresses.
          await untilAborted(fleets.provisioner.listed, running)
          await elector.start(running)
        },
        (running) => retryBinds({ clock: access.edge.clock, rejected: server.rejected, pipeline }, running),
        (running) => peers.start(running),
      ],
      signal,
    )
  } finally {
    fetcher.stop()
    access.stop()
    await Promise.all([...http.map((each) => each.stop()), server.close()])
    hooks?.close()
    client.close()
  }
}

/** What the provider reads: the namespace of the controller as well, where the configuration of the class is. */
function scopeOf({ watch, namespace }: KubernetesConfig): WatchScope {
  switch (watch.kind) {
    case 'all':
      return { kind: 'cluster' }
    case 'namespaces':
      return { kind: 'namespaces', names: watch.namespaces }
    case 'selector':
      return { ...watch, own: namespace }
  }
}

/** Who a proxy is: by a certificate of ours, or by the token of its ServiceAccount, which says whose fleet it is of. */
function proxyAuthenticator(client: KubeClient, signal: AbortSignal, groupsOf: TokenReviewOptions['groupsOf']): Authenticator {
  return certificateOrToken(new TokenAuthenticator(kubernetesTokenReviewer({ client, signal, groupsOf }), serverClock))
}

/** The ports for people, for the kubelet and for scrapers. */
async function startServers(
  { admin, health, metrics }: KubernetesConfig,
  sources: AdminSources,
  logger: Logger,
): Promise<readonly RunningHttpServer[]> {
  const onError = (err: unknown, path: string): void => logger.error({ err, path }, 'the admin server failed')
  return await Promise.all([
    startHttpServer({ what: 'the admin server', ...admin, flag: '--admin-address', routes: adminRoutes(sources), onError }),
    startHttpServer({ what: 'the health server', ...health, flag: '--health-address', routes: healthRoutes(sources), onError }),
    startHttpServer({ what: 'the metrics server', ...metrics, flag: '--metrics-address', routes: metricsRoutes(sources), onError }),
  ])
}
