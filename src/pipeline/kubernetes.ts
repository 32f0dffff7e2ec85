/** Headgate in a cluster: objects from the API server, an Envoy fleet per Gateway, statuses by the replica that leads. */
import { ChannelCredentials } from '@grpc/grpc-js'
import { startHttpServer } from '../admin/http-server.js'
import { adminRoutes, healthRoutes, metricsRoutes } from '../admin/routes.js'
import type { AdminSources, Problem } from '../admin/sources.js'
import type { KubernetesConfig } from '../config/config.js'
import { listenError } from '../config/listen-error.js'
import { headgateVersion } from '../config/version.js'
import { SUPPORTED_FEATURES } from '../gatewayapi/features.js'
import { DEFINITIONS_KEY } from '../gatewayapi/inputs.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import { createBackendServices } from '../infra/kubernetes/backend-services.js'
import { bindAddresses } from '../infra/kubernetes/bind-addresses.js'
import { ClassClaims } from '../infra/kubernetes/class-claims.js'
import { createClassFinalizers } from '../infra/kubernetes/class-finalizers.js'
import { drainKey } from '../infra/kubernetes/drain-key.js'
import { FleetImages } from '../infra/kubernetes/fleet-images.js'
import { fleetGroup, PodPlacements } from '../infra/kubernetes/pod-placements.js'
import { Provisioner } from '../infra/kubernetes/provisioner.js'
import { untilAborted } from '../k8s/abort.js'
import { authoritySecret, awaitAuthoritySecret, secretUid } from '../k8s/authority-secret.js'
import { keepCertificateSecret } from '../k8s/certificate-secret.js'
import { systemClock } from '../k8s/clock.js'
import { kubeConfigCredentials } from '../k8s/credentials.js'
import { EventRecorder } from '../k8s/events.js'
import { KubeClient } from '../k8s/kube-client.js'
import { LeaseElector } from '../k8s/lease-elector.js'
import { kubernetesTokenReviewer } from '../k8s/token-review.js'
import { untilAnswered } from '../k8s/until-answered.js'
import { KINDS } from '../kinds/index.js'
import { KubernetesProvider } from '../provider/kubernetes/kubernetes-provider.js'
import { type StatusEvent, statusEvents, unsaidEvent } from '../status/status-events.js'
import { statusResources } from '../status/status-resource.js'
import { StatusWriter } from '../status/status-writer.js'
import type { Logger } from '../telemetry/logger.js'
import { createMetrics } from '../telemetry/metrics.js'
import { objectKey } from '../util/object-ref.js'
import { runAll } from '../util/run-all.js'
import { keepRejectedVersions } from '../xds/keep-rejected-versions.js'
import { RATE_LIMIT_GROUP } from '../xds/rate-limit-group.js'
import { RejectedVersions } from '../xds/rejected-versions.js'
import { certificateOrToken, groupUri, TokenAuthenticator } from '../xds/server/client-identity.js'
import { systemClock as serverClock } from '../xds/server/clock.js'
import {
  AUTHORITY_LIFETIME_MS,
  CertificateRotation,
  LEAF_LIFETIME_MS,
  RATE_LIMIT_CERTIFICATE_LIFETIME_MS,
} from '../xds/server/tls/certificate-rotation.js'
import { type CertificatePair, createAuthority, issueCertificate } from '../xds/server/tls/certificates.js'
import { retryBinds } from './bind-retries.js'
import { type ControlPlane, createControlPlane } from './control-plane.js'
import { describeDefinitions } from './definitions.js'
import { effectivePoliciesOf } from './effective-policies.js'
import { ExtensionHooks } from './extension-hooks.js'
import { createFetcher } from './fetches.js'
import { fleetsOf } from './fleet-accounts.js'
import { listenerPlaces } from './listener-places.js'
import { ObjectStatuses } from './object-statuses.js'
import { observe, roundObserver } from './observe.js'
import { followerProblem } from './replicas/follower-problem.js'
import { HandOver } from './replicas/hand-over.js'
import { formatHolder, parseHolder, replicaUri } from './replicas/identity.js'
import { rejectedVersionConfigMap } from './replicas/rejected-version-config-map.js'
import { type ReporterOptions, reportToLeader } from './replicas/report-client.js'
import { reportServer } from './replicas/report-server.js'
import { replicaService } from './replicas/service.js'
import { askInTouch, touchServer } from './replicas/touch.js'
import { rivalEvent, rivalProblem } from './rivals.js'

/** Kinds of which only the objects are read that something names: nobody hands us all Secrets of a cluster. */
const BY_REFERENCE = ['Secret', 'ConfigMap'] as const
const REJECTED_VERSIONS = 'headgate-rejected-versions'
/** The certificate by which the rate limit service proves who it is. */
const RATE_LIMIT_SECRET = 'headgate-rate-limits'
/** Runs until the signal aborts. Throws `ListenError`, and what keeps the API server from being reached at start. */
export async function runKubernetes(config: KubernetesConfig, logger: Logger, signal: AbortSignal): Promise<void> {
  const metrics = createMetrics(headgateVersion())
  const statuses = new ObjectStatuses()
  const addresses = bindAddresses(config.podAddresses)
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
      ? awaitAuthoritySecret(edge, config.namespace, config.authoritySecret, signal)
      : authoritySecret(client, config.namespace, config.authoritySecret, signal).loadOrCreate(() =>
          createAuthority('headgate', new Date(), AUTHORITY_LIFETIME_MS),
        ),
  )
  const serverName = `${config.xdsService}.${config.namespace}.svc`
  const certificates = new CertificateRotation([authority], { dnsNames: [serverName, config.xdsService], addresses: [] }, serverClock)

  const rejected = new RejectedVersions()
  const kept = rejectedVersionConfigMap({ ...edge, namespace: config.namespace, name: REJECTED_VERSIONS, signal })
  const [keeper, drainSecret] = await Promise.all([
    answered(() => keepRejectedVersions(rejected, kept, (err) => logger.debug({ err }, 'the list of rejected versions was not saved'))),
    answered(() => secretUid(client, config.namespace, config.authoritySecret, signal)),
  ])

  const events = new EventRecorder({ ...edge, controller: config.controllerName, instance: config.replicaName })
  const statusWriter = new StatusWriter({
    ...edge,
    controllerName: config.controllerName,
    resourceOf: statusResources(KINDS, (kind) => provider.servedVersion(kind)),
    onOutcome: (kind, outcome) => metrics.statusWrites.inc({ kind, outcome }),
    onWritten: (object, before, after) => {
      for (const event of statusEvents(before.status, after.status, config.controllerName)) note(object, event, after.uid)
    },
    onRefused: (object, uid, message) =>
      note(object, { type: 'Warning', reason: 'StatusRefused', note: `The cluster refuses its status: ${message}` }, uid),
    onUnsaid: (object, { uid }, unsaid) => note(object, unsaidEvent(unsaid), uid),
  })
  const note = (object: ObjectStatus['object'], event: StatusEvent, uid: string): void => {
    const apiVersion = `${object.group}/${provider.servedVersion(object.kind) ?? 'v1'}`
    events.record({ ...event, action: 'Translate', regarding: { ...object, apiVersion, uid } })
  }
  const provider = new KubernetesProvider({
    ...edge,
    kinds: KINDS,
    scope:
      config.watch.kind === 'all'
        ? { kind: 'cluster' }
        : config.watch.kind === 'namespaces'
          ? { kind: 'namespaces', names: config.watch.namespaces }
          : { ...config.watch, own: config.namespace },
    byReference: new Set(BY_REFERENCE),
    onStatus: (kind, key, stored) => statusWriter.observe(`${kind}/${key}`, stored),
    onCustomResources: (resources) => {
      if (controlPlane.translation.inputs.definitions.set(DEFINITIONS_KEY, describeDefinitions(resources))) controlPlane.pipeline.touched()
    },
  })
  const images = new FleetImages(config.envoyImage)
  const hooks = config.extensionServer && new ExtensionHooks(config.extensionServer, metrics, logger)
  const rules = { allowsLoopback: false, hosts: config.fetchHosts, plainHosts: config.fetchPlainHosts ?? [] }
  const fetcher = createFetcher({ rules, logger, metrics, controlPlane: () => controlPlane })
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
    credentials: certificates.credentials,
    rejected,
    log: logger.child({ component: 'xds' }),
    onStatuses: (changes) => {
      statuses.apply(changes)
      statusWriter.set(changes)
    },
    imageOf: (group) => images.of(controlPlane.translation.gatewayApi.infra.get(group)),
    onInfra: (changes) => {
      const changed = images.changed(changes).map(fleetGroup)
      if (changed.length > 0) controlPlane.pipeline.imagesChanged(new Set(changed))
      provisioner.set(changes)
    },
    onSelectedPods: (changes) => backendServices.set(changes),
    onClassFinalizers: (changes) => classFinalizers.set(changes),
    onRound: roundObserver(metrics, logger),
  })
  const { translation, snapshots, server, pipeline, store } = controlPlane
  const backendServices = createBackendServices({ ...edge, controllerName: config.controllerName })
  const classFinalizers = createClassFinalizers(edge)
  const history = observe(controlPlane, metrics)
  const provisioner = new Provisioner({
    ...edge,
    controllerName: config.controllerName,
    namespaces: config.watch.kind === 'namespaces' ? [...new Set([...config.watch.namespaces, config.namespace])] : [''],
    controllerNamespace: config.namespace,
    bindAddresses: addresses,
    envoyImage: config.envoyImage,
    xds: () => ({ host: serverName, port: config.xds.port, authorities: authority.certificate }),
    drainKeyOf: (group) => drainKey(drainSecret, group),
    uidOf: ({ kind, namespace, name }) => {
      const metadata = store.find(kind, objectKey(namespace, name))?.metadata
      // What a deletion takes away before its Gateway is not made again. A class stays until its last Gateway is gone, and so does its fleet.
      return kind === 'Gateway' && metadata?.deletionTimestamp !== undefined ? undefined : metadata?.uid
    },
    onAddresses: (gateway, addresses) => {
      if (translation.inputs.addresses.set(gateway, addresses)) pipeline.touched()
    },
  })

  const refusedReads = (): ReadonlyMap<string, string> => new Map([...provider.refusals(), ...provisioner.refusals])
  const handOver: HandOver = new HandOver({
    replica: config.replicaName,
    silenceMs: () => elector.silenceMs,
    streams: () => server.streams,
    ask: (asking) =>
      askInTouch(hostAndPort(serverName, config.xds.port), serverName, replicaCredentials(authority, config.replicaName), asking),
    dismiss: () => server.dismiss(),
    onSilence: (milliseconds) => {
      metrics.apiSilenceSeconds.set(milliseconds / 1000)
      metrics.unreadResources.set(refusedReads().size)
    },
    clock: systemClock,
    log: logger,
  })
  server.addService(replicaService(), {
    ...touchServer(config.replicaName, () => handOver.isInTouch),
    ...reportServer(
      {
        reported: (replica, isComplete, objects) => {
          if (pipeline.deliveries.reported(replica, isComplete, objects)) pipeline.touched()
        },
        replicaGone: (replica) => {
          if (pipeline.deliveries.replicaGone(replica)) pipeline.touched()
        },
        rejected: (version) => pipeline.rejected(version),
      },
      server.rejected,
      logger,
    ),
  })
  await server.listen(config.xds.host, config.xds.port).catch((error: unknown) => {
    throw listenError(error, { what: 'the xDS server', ...config.xds, flag: '--xds-address' })
  })
  const sources: AdminSources = {
    snapshots,
    statuses: () => statuses.values(),
    places: () => listenerPlaces(translation),
    problems: () => [
      ...(hooks?.problems(translation.inputs.quarantines.entries()) ?? []),
      ...(claims?.rival === undefined ? [] : [rivalProblem(claims.rival)]),
      ...[...refusedReads()].map(
        ([where, message]): Problem => ({ severity: 'error', where, message: `Changes are not seen: ${message}`, isGeneral: true }),
      ),
      ...followerProblem(config.replicaName, elector.holder, config.namespace),
    ],
    proxies: () => server.tracker.proxies(Date.now()),
    whereIs: () => undefined,
    effectivePolicies: (route) => effectivePoliciesOf(translation, route),
    history,
    bootstraps: () => [],
    health: () => {
      const unread = snapshots.isComplete ? [] : ['the objects of the cluster have not been read yet', ...provider.missing()]
      const reasons = handOver.problem === undefined ? unread : [...unread, handOver.problem]
      return { live: true, ready: reasons.length === 0, reasons }
    },
    metrics: async () => ({ contentType: metrics.registry.contentType, text: await metrics.registry.metrics() }),
  }
  const onError = (err: unknown, path: string): void => logger.error({ err, path }, 'the admin server failed')
  const http = await Promise.all([
    startHttpServer({ what: 'the admin server', ...config.admin, flag: '--admin-address', routes: adminRoutes(sources), onError }),
    startHttpServer({ what: 'the health server', ...config.health, flag: '--health-address', routes: healthRoutes(sources), onError }),
    startHttpServer({ what: 'the metrics server', ...config.metrics, flag: '--metrics-address', routes: metricsRoutes(sources), onError }),
  ])
  const self = {
    name: config.replicaName,
    address: config.replicaAddress === undefined ? undefined : hostAndPort(config.replicaAddress, config.xds.port),
  }
  const rateLimitIdentity = {
    ...edge,
    namespace: config.namespace,
    name: RATE_LIMIT_SECRET,
    authority: authority.certificate,
    issue: () => rateLimitCertificate(authority),
    restartsReaders: true,
  }
  const writeObjects = (running: AbortSignal): Promise<void> =>
    runAll(
      [
        (each) => statusWriter.start(each),
        (each) => provisioner.lead(each),
        (each) => backendServices.lead(each),
        (each) => classFinalizers.lead(each),
      ],
      running,
    )
  const installation = `${config.namespace}/${config.xdsService}`
  // Installations for some namespaces each may share a name, as long as no namespace is that of two.
  const claims =
    config.watch.kind === 'all'
      ? new ClassClaims({
          ...{ ...edge, controllerName: config.controllerName, installation },
          onRival: (rival) => {
            const { uid, ...object } = rival.gatewayClass
            note(
              { group: 'gateway.networking.k8s.io', kind: 'GatewayClass', namespace: '', ...object },
              rivalEvent(rival, installation),
              uid,
            )
          },
        })
      : undefined
  const elector: LeaseElector = new LeaseElector({
    ...edge,
    namespace: config.namespace,
    // Of two installations in one namespace each has a leader.
    name: `${config.xdsService}-leader`,
    identity: formatHolder(self),
    lead: (leading) =>
      runAll(
        [
          (running) => (claims === undefined ? writeObjects(running) : claims.lead(writeObjects, running)),
          (running) => events.start(running),
          ...(config.rateLimitService === undefined ? [] : [(running: AbortSignal) => keepCertificateSecret(rateLimitIdentity, running)]),
        ],
        leading,
      ),
  })
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
        (running) => provisioner.observe(running),
        async (running) => {
          // Who has not seen yet what Gateways have would write that they have no addresses.
          await untilAborted(provisioner.listed, running)
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
    certificates.stop()
    keeper.stop()
    await Promise.all([...http.map((each) => each.stop()), server.close()])
    hooks?.close()
    client.close()
  }
}

function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Lets its owner ask for the limits of policies, and for nothing else. */
function rateLimitCertificate(authority: CertificatePair): CertificatePair {
  const uris = [groupUri(RATE_LIMIT_GROUP)]
  const request = { commonName: 'rate limit service', uris, usage: 'client', lifetimeMs: RATE_LIMIT_CERTIFICATE_LIFETIME_MS } as const
  return issueCertificate(authority, request, new Date())
}

function replicaCredentials(authority: CertificatePair, replica: string): ChannelCredentials {
  const request = { commonName: replica, uris: [replicaUri(replica)], usage: 'client', lifetimeMs: LEAF_LIFETIME_MS } as const
  const own = issueCertificate(authority, request, new Date())
  return ChannelCredentials.createSsl(Buffer.from(authority.certificate), Buffer.from(own.privateKey), Buffer.from(own.certificate))
}
