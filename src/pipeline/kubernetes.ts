/** Headgate in a cluster: objects from the API server, an Envoy fleet per Gateway, statuses by the replica that leads. */
import type { UntypedServiceImplementation } from '@grpc/grpc-js'
import { type RunningHttpServer, startHttpServer } from '../admin/http-server.js'
import { adminRoutes, healthRoutes, metricsRoutes } from '../admin/routes.js'
import type { AdminSources, Problem } from '../admin/sources.js'
import type { KubernetesConfig } from '../config/config.js'
import { listenError } from '../config/listen-error.js'
import { headgateVersion } from '../config/version.js'
import { SUPPORTED_FEATURES } from '../gatewayapi/features.js'
import { DEFINITIONS_KEY } from '../gatewayapi/inputs.js'
import { bindAddresses } from '../infra/kubernetes/bind-addresses.js'
import { PodPlacements } from '../infra/kubernetes/pod-placements.js'
import { untilAborted } from '../k8s/abort.js'
import { systemClock } from '../k8s/clock.js'
import { kubernetesTokenReviewer } from '../k8s/token-review.js'
import { KINDS } from '../kinds/index.js'
import { KubernetesProvider } from '../provider/kubernetes/kubernetes-provider.js'
import type { WatchScope } from '../provider/kubernetes/watch-scope.js'
import type { Logger } from '../telemetry/logger.js'
import { createMetrics } from '../telemetry/metrics.js'
import { runAll } from '../util/run-all.js'
import { certificateOrToken, TokenAuthenticator } from '../xds/server/client-identity.js'
import { systemClock as serverClock } from '../xds/server/clock.js'
import { retryBinds } from './bind-retries.js'
import { accessCluster } from './cluster-access.js'
import { clusterFleets } from './cluster-fleets.js'
import { clusterStatuses } from './cluster-statuses.js'
import { type ControlPlane, createControlPlane } from './control-plane.js'
import { describeDefinitions } from './definitions.js'
import { ExtensionHooks } from './extension-hooks.js'
import { createFetcher } from './fetches.js'
import { fleetsOf } from './fleet-accounts.js'
import { ObjectStatuses } from './object-statuses.js'
import { observe, roundObserver } from './observe.js'
import { replicaCredentials } from './replicas/credentials.js'
import { HandOver } from './replicas/hand-over.js'
import { hostAndPort, parseHolder } from './replicas/identity.js'
import { leadership } from './replicas/leadership.js'
import { leadershipProblem } from './replicas/leadership-problem.js'
import { lookAtOthers, lookServer, replicaAddresses } from './replicas/look.js'
import { type ReporterOptions, reportToLeader } from './replicas/report-client.js'
import { reportServer } from './replicas/report-server.js'
import { replicaService } from './replicas/service.js'
import { askInTouch, touchServer } from './replicas/touch.js'
import { rivalProblem } from './rivals.js'
import { sharedSources } from './shared-sources.js'

/** Kinds of which only the objects are read that something names: nobody hands us all Secrets of a cluster. */
const BY_REFERENCE = ['Secret', 'ConfigMap'] as const

/** Runs until the signal aborts. Throws `ListenError`, and what keeps the API server from being reached at start. */
export async function runKubernetes(config: KubernetesConfig, logger: Logger, signal: AbortSignal): Promise<void> {
  const metrics = createMetrics(headgateVersion())
  const statuses = new ObjectStatuses()
  const addresses = bindAddresses(config.podAddresses)
  const access = await accessCluster(config, logger, signal)
  const { edge, authority, serverName } = access
  const { client } = edge

  const written = clusterStatuses(access, config, metrics, (kind) => provider.servedVersion(kind))
  const provider = new KubernetesProvider({
    ...edge,
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
  const fleets = clusterFleets(access, config, addresses, () => controlPlane)
  const controlPlane: ControlPlane = createControlPlane({
    hooks,
    context: {
      controllerName: config.controllerName,
      envoyPatches: config.envoyPatches,
      allowExternalName: false,
      supportedFeatures: SUPPORTED_FEATURES,
      hasRateLimitService: config.rateLimitService !== undefined,
    },
    xds: {
      packing: config.routePacking,
      accessLog: config.accessLog,
      ...(config.rateLimitService === undefined ? {} : { rateLimitService: config.rateLimitService }),
    },
    placements: new PodPlacements(addresses),
    fetches: fetcher,
    references: { kinds: BY_REFERENCE, want: (wanted, isFirst) => provider.want(wanted, isFirst) },
    authenticator: certificateOrToken(
      new TokenAuthenticator(
        kubernetesTokenReviewer({
          client,
          signal,
          groupsOf: (namespace, account) => fleetsOf(controlPlane.translation, config.namespace, namespace, account),
        }),
        serverClock,
      ),
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
  const { translation, snapshots, server, pipeline } = controlPlane
  const history = observe(controlPlane, metrics)
  const self = {
    name: config.replicaName,
    address: config.replicaAddress === undefined ? undefined : hostAndPort(config.replicaAddress, config.xds.port),
  }
  const { elector, claims } = leadership({ access, config, self, statuses: written, fleets })
  const refusedReads = (): ReadonlyMap<string, string> => new Map([...provider.refusals(), ...fleets.provisioner.refusals])
  const asReplica = () => ({ serverName, credentials: replicaCredentials(authority, config.replicaName) })
  const handOver: HandOver = new HandOver({
    replica: config.replicaName,
    silenceMs: () => elector.silenceMs,
    streams: () => server.streams,
    ask: (asking) => askInTouch({ address: hostAndPort(serverName, config.xds.port), ...asReplica() }, asking),
    dismiss: () => server.dismiss(),
    onSilence: (milliseconds) => {
      metrics.apiSilenceSeconds.set(milliseconds / 1000)
      metrics.unreadResources.set(refusedReads().size)
      metrics.leading.set(elector.isLeader && claims?.rival === undefined ? 1 : 0)
    },
    clock: systemClock,
    log: logger,
  })
  const own = { proxies: () => server.tracker.proxies(Date.now()), history }
  server.addService(replicaService(), {
    ...replicaAnswers(config.replicaName, handOver, controlPlane, logger),
    ...lookServer(config.replicaName, own),
  })
  await server.listen(config.xds.host, config.xds.port).catch((error: unknown) => {
    throw listenError(error, { what: 'the xDS server', ...config.xds, flag: '--xds-address' })
  })
  const sources: AdminSources = {
    ...sharedSources(controlPlane, metrics),
    statuses: () => statuses.values(),
    problems: () => [
      ...(hooks?.problems(translation.inputs.quarantines.entries()) ?? []),
      ...(claims?.rival === undefined ? [] : [rivalProblem(claims.rival)]),
      ...[...refusedReads()].map(
        ([where, message]): Problem => ({ severity: 'error', where, message: `Changes are not seen: ${message}`, isGeneral: true }),
      ),
      ...leadershipProblem(config.replicaName, elector, config.namespace),
    ],
    replica: config.replicaName,
    others: (at, limit) => {
      const service = { namespace: config.namespace, name: config.xdsService }
      const addresses = replicaAddresses(controlPlane.store.list('EndpointSlice'), service).filter((each) => each !== self.address)
      return lookAtOthers(addresses, { self: self.name, at, limit, ...asReplica() })
    },
    whereIs: () => undefined,
    history,
    bootstraps: () => [],
    health: () => {
      const unread = snapshots.isComplete ? [] : ['the objects of the cluster have not been read yet', ...provider.missing()]
      const reasons = handOver.problem === undefined ? unread : [...unread, handOver.problem]
      return { live: true, ready: reasons.length === 0, reasons }
    },
  }
  const http = await startServers(config, sources, logger)
  const reporter: ReporterOptions = {
    replica: self.name,
    leader: () => (elector.holder === '' ? undefined : parseHolder(elector.holder)),
    credentials: () => replicaCredentials(authority, self.name),
    serverName,
    deliveries: pipeline.deliveries,
    rejected: server.rejected,
    onRejected: (version) => pipeline.rejected(version),
    clock: systemClock,
    log: logger,
  }
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
        (running) => retryBinds({ clock: systemClock, rejected: server.rejected, pipeline }, running),
        (running) => reportToLeader(reporter, running),
        (running) => handOver.start(running),
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

/** What this replica answers to others: whether the API server answers it, and what it takes from those that do not lead. */
function replicaAnswers(
  replica: string,
  handOver: HandOver,
  { pipeline, server }: ControlPlane,
  logger: Logger,
): UntypedServiceImplementation {
  return {
    ...touchServer(replica, () => handOver.isInTouch),
    ...reportServer(
      {
        reported: (from, isComplete, objects) => {
          if (pipeline.deliveries.reported(from, isComplete, objects)) pipeline.touched()
        },
        replicaGone: (gone) => {
          if (pipeline.deliveries.replicaGone(gone)) pipeline.touched()
        },
        rejected: (version) => pipeline.rejected(version),
      },
      server.rejected,
      logger,
    ),
  }
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
