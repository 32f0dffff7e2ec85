/** Headgate on a laptop: a folder of YAML, one local Envoy, everything on loopback. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ServerCredentials } from '@grpc/grpc-js'
import { printBootstrap } from '../../envoy/bootstrap.js'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { startHttpServer } from '../admin/http-server.js'
import { adminRoutes } from '../admin/routes.js'
import type { AdminSources, Problem } from '../admin/sources.js'
import type { StandaloneConfig } from '../config/config.js'
import { listenError } from '../config/listen-error.js'
import { headgateVersion } from '../config/version.js'
import { type FetchCache, fileFetchCache } from '../fetch/fetch-cache.js'
import { SUPPORTED_FEATURES } from '../gatewayapi/features.js'
import { MISSING_KEY } from '../gatewayapi/inputs.js'
import { EnvoyProcess, type EnvoyProcessState } from '../infra/host/envoy-process.js'
import { hasSpareLoopbackAddresses, LOCAL_GROUP, LocalPlacements } from '../infra/host/local-placements.js'
import { type LocalTrust, startLocalTrust } from '../infra/host/local-trust.js'
import { findSystemAuthorities } from '../infra/host/system-authorities.js'
import { KINDS } from '../kinds/index.js'
import { FileProvider } from '../provider/file/file-provider.js'
import type { Logger } from '../telemetry/logger.js'
import { createMetrics } from '../telemetry/metrics.js'
import { runAll } from '../util/run-all.js'
import { keepRejectedVersions } from '../xds/keep-rejected-versions.js'
import { RejectedVersions } from '../xds/rejected-versions.js'
import { allowEveryone } from '../xds/server/authentication.js'
import { byCertificate } from '../xds/server/client-identity.js'
import { systemClock } from '../xds/server/clock.js'
import { rejectedVersionFile } from '../xds/server/rejected-version-file.js'
import { type ControlPlane, type ControlPlaneOptions, createControlPlane } from './control-plane.js'
import { ExtensionHooks } from './extension-hooks.js'
import { createFetcher } from './fetches.js'
import { fileProblems, placeText, StartLosses } from './file-problems.js'
import { ObjectStatuses } from './object-statuses.js'
import { observe, roundObserver } from './observe.js'
import { sharedSources } from './shared-sources.js'
import { unreadableFormats } from './unreadable-formats.js'
import { unservedObjects } from './unserved-objects.js'

const LOOPBACK = '127.0.0.1'

/** A running Headgate, for tests and for the lines that are printed at start. */
export interface RunningStandalone {
  readonly controlPlane: ControlPlane
  readonly statuses: ObjectStatuses
  readonly sources: AdminSources
  readonly xdsPort: number
  readonly adminPort: number
  /** How the local Envoy is; undefined where there is none. */
  localEnvoy(): EnvoyProcessState | undefined
  /** Resolves when the local Envoy, if there is one, runs everything that was read. */
  readonly serving: Promise<void>
  /** Resolves when everything has ended after the signal; rejects when a part failed. */
  readonly ended: Promise<void>
}

/** Starts everything and returns as soon as it listens. Throws `ListenError`, `EnvoyNotFoundError`, `FileProviderError`. */
export async function startStandalone(config: StandaloneConfig, logger: Logger, signal: AbortSignal): Promise<RunningStandalone> {
  const metrics = createMetrics(headgateVersion())
  const statuses = new ObjectStatuses()
  const state = await openState(config, logger)
  const { trust } = state
  const hooks = config.extensionServer && new ExtensionHooks(config.extensionServer, metrics, logger)
  const rules = { allowsLoopback: true, hosts: config.fetchHosts, plainHosts: config.fetchPlainHosts ?? [] }
  const fetcher = createFetcher({ rules, logger, metrics, cache: state.fetched, controlPlane: () => controlPlane })
  const controlPlane: ControlPlane = createControlPlane({
    ...translationSettings(config),
    hooks,
    placements: await localPlacements(config, logger),
    authenticator: trust === undefined ? allowEveryone(LOCAL_GROUP) : byCertificate,
    credentials: trust?.credentials ?? ServerCredentials.createInsecure(),
    rejected: state.rejected,
    fetches: fetcher,
    log: logger.child({ component: 'xds' }),
    onStatuses: (changes) => statuses.apply(changes),
    onRound: roundObserver(metrics, logger),
  })
  const { translation, snapshots, server, pipeline } = controlPlane
  const history = observe(controlPlane, metrics)
  const progress = (line: string): void => logger.info(line)
  const named = config.envoy.kind === 'path' ? { path: config.envoy.path } : {}
  const envoy = config.envoy.kind === 'none' ? undefined : await findEnvoy({ progress, ...named })
  const xdsAttempt = { what: 'the xDS server', host: LOOPBACK, port: config.xdsPort, flag: '--xds-port' }
  const xdsPort = await server.listen(LOOPBACK, config.xdsPort).catch((error: unknown) => {
    throw listenError(error, xdsAttempt)
  })
  const bootstrap = (adminSocketPath: string): string =>
    printBootstrap({
      node: { id: 'local', cluster: LOCAL_GROUP, ...(config.zone === undefined ? {} : { zone: config.zone }) },
      xds: { host: LOOPBACK, port: xdsPort, ...(trust === undefined ? {} : { tls: trust.proxy }) },
      adminSocketPath,
    })
  let problems: readonly Problem[] = []
  const losses = new StartLosses()
  const provider = new FileProvider({
    folder: config.resources,
    kinds: KINDS,
    controllerName: config.controllerName,
    allowPartial: config.allowPartial,
    onReport: (report) => {
      problems = fileProblems(report, logger)
      if (translation.inputs.missing.set(MISSING_KEY, losses.missing(report))) pipeline.touched()
    },
  })
  const sources: AdminSources = {
    ...sharedSources(controlPlane, metrics),
    statuses: () => statuses.values(),
    problems: () => [
      ...problems,
      ...unservedObjects(controlPlane.store, config.controllerName),
      ...unreadableFormats(controlPlane.store),
      ...(hooks?.problems(translation.inputs.quarantines.entries()) ?? []),
    ],
    replica: '',
    others: async () => [],
    whereIs: (object, path) => placeText(provider.placeOf(object, path)),
    history,
    bootstraps: () => [{ group: LOCAL_GROUP, bootstrap: JSON.parse(bootstrap('<chosen at start>')) }],
    health: () => ({
      live: true,
      ready: snapshots.isComplete,
      reasons: snapshots.isComplete ? [] : [`${config.resources} has not been read yet`],
    }),
  }
  const admin = await startHttpServer({
    what: 'the admin server',
    host: LOOPBACK,
    port: config.adminPort,
    flag: '--admin-port',
    routes: adminRoutes(sources),
    onError: (err, path) => logger.error({ err, path }, 'the admin server failed'),
  }).catch(async (error: unknown) => {
    await server.close()
    throw error
  })
  const parts = [(running: AbortSignal) => provider.start(pipeline, running)]
  const bootstrapFor = (paths: { readonly adminSocketPath: string }): string => bootstrap(paths.adminSocketPath)
  const ofEnvoy = {
    logger,
    logLevel: config.log.level,
    bootstrap: bootstrapFor,
    onOutput: (bytes: Buffer) => void process.stdout.write(bytes),
  }
  const local = envoy === undefined ? undefined : new EnvoyProcess({ path: envoy.path, ...ofEnvoy })
  if (local !== undefined) parts.push((running) => local.start(running))
  const ended = runAll(parts, signal).finally(async () => {
    fetcher.stop()
    await admin.stop()
    await server.close()
    hooks?.close()
    await state.close()
  })
  const serving = envoy === undefined ? completeOnce(controlPlane) : servedOnce(controlPlane)
  return { controlPlane, statuses, sources, serving, xdsPort, adminPort: admin.port, localEnvoy: () => local?.state, ended }
}

/** What outlives a restart, in the folder of `--state`. */
interface StandaloneState {
  /** Who the local Envoy and the server are to each other; undefined without TLS. */
  readonly trust: LocalTrust | undefined
  readonly rejected: RejectedVersions
  readonly fetched: FetchCache
  /** Resolves when everything is written. */
  close(): Promise<void>
}

async function openState({ stateFolder, xdsPlaintext }: StandaloneConfig, logger: Logger): Promise<StandaloneState> {
  await mkdir(stateFolder, { recursive: true, mode: 0o700 })
  const trust = xdsPlaintext ? undefined : await startLocalTrust(join(stateFolder, 'trust'), systemClock)
  const rejected = new RejectedVersions()
  const keeper = await keepRejectedVersions(rejected, rejectedVersionFile(join(stateFolder, 'rejected-versions.json')), (err) =>
    logger.warn({ err }, 'the list of rejected versions could not be saved'),
  )
  const fetched = await fileFetchCache(join(stateFolder, 'fetched'), (err) =>
    logger.warn({ err }, 'what was fetched for policies could not be saved'),
  )
  return {
    trust,
    rejected,
    fetched,
    close: async () => {
      trust?.stop()
      keeper.stop()
      await keeper.idle()
    },
  }
}

/** What the command line says about the translation. */
function translationSettings(config: StandaloneConfig): Pick<ControlPlaneOptions, 'context' | 'xds'> {
  const systemTrustFile = config.systemAuthorities ?? findSystemAuthorities()
  return {
    context: {
      controllerName: config.controllerName,
      envoyPatches: config.envoyPatches,
      allowExternalName: true,
      supportedFeatures: SUPPORTED_FEATURES,
      hasRateLimitService: config.rateLimitService !== undefined,
    },
    xds: {
      packing: config.routePacking,
      accessLog: config.accessLog,
      ...(systemTrustFile === undefined ? {} : { systemTrustFile }),
      ...(config.rateLimitService === undefined ? {} : { rateLimitService: config.rateLimitService }),
    },
  }
}

async function localPlacements({ listenOffset }: StandaloneConfig, logger: Logger): Promise<LocalPlacements> {
  return new LocalPlacements(listenOffset, await hasSpareLoopbackAddresses(), ({ address, port }) =>
    logger.warn(
      `another program has ${address}:${port}: what would be served there is served 10000 higher (gatewayctl status shows where), ` +
        'and there again when that program has ended and Headgate is started anew',
    ),
  )
}

/** Resolves with the first complete translation. */
function completeOnce({ snapshots }: ControlPlane): Promise<void> {
  return new Promise((resolve) => {
    if (snapshots.isComplete) resolve()
    else snapshots.listen(LOCAL_GROUP, { changed: () => {}, complete: resolve })
  })
}

/** Resolves when a proxy runs the present revision. */
function servedOnce({ server: { tracker }, snapshots }: ControlPlane): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (!snapshots.isComplete || tracker.connectedProxies(LOCAL_GROUP) === 0) return
      if (tracker.acknowledgedRevision(LOCAL_GROUP) < snapshots.revision(LOCAL_GROUP)) return
      stopDelivery()
      stopSnapshots()
      resolve()
    }
    const stopDelivery = tracker.onDelivery(check)
    // A proxy that came first and gets nothing, because nothing was read, has no progress to tell of.
    const stopSnapshots = snapshots.listen(LOCAL_GROUP, { changed: () => {}, complete: check })
  })
}
