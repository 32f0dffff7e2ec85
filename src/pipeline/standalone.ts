/** Headgate on a laptop: a folder of YAML, one local Envoy, everything on loopback. */
import { ServerCredentials } from '@grpc/grpc-js'
import { printBootstrap } from '../../envoy/bootstrap.js'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { type RunningHttpServer, startHttpServer } from '../admin/http-server.js'
import { adminRoutes } from '../admin/routes.js'
import type { AdminSources, Problem } from '../admin/sources.js'
import type { StandaloneConfig } from '../config/config.js'
import { listenError } from '../config/listen-error.js'
import { headgateVersion } from '../config/version.js'
import { MISSING_KEY } from '../gatewayapi/inputs.js'
import { EnvoyProcess, type EnvoyProcessOptions, type EnvoyProcessState } from '../infra/host/envoy-process.js'
import { hasSpareLoopbackAddresses, LOCAL_GROUP, LocalPlacements } from '../infra/host/local-placements.js'
import type { LocalTrust } from '../infra/host/local-trust.js'
import { findSystemAuthorities } from '../infra/host/system-authorities.js'
import { KINDS } from '../kinds/index.js'
import { FileProvider } from '../provider/file/file-provider.js'
import type { Logger } from '../telemetry/logger.js'
import { createMetrics } from '../telemetry/metrics.js'
import { runAll } from '../util/run-all.js'
import { allowEveryone } from '../xds/server/authentication.js'
import { byCertificate } from '../xds/server/client-identity.js'
import { type ControlPlane, createControlPlane } from './control-plane.js'
import { ExtensionHooks } from './extension-hooks.js'
import { createFetcher } from './fetches.js'
import { fileProblems, StartLosses } from './folder/file-problems.js'
import { standaloneSources, type WatchedFiles } from './folder/sources.js'
import { openState } from './folder/state.js'
import { ObjectStatuses } from './observe/object-statuses.js'
import { observe, roundObserver } from './observe/observe.js'
import { type ProxyPlace, translationSettings } from './translation-settings.js'

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
    ...translationSettings(config, proxyPlace(config)),
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
  const { pipeline, server } = controlPlane
  const history = observe(controlPlane, metrics)

  // Whoever has no Envoy is told before anything listens.
  const envoyPath = await pathOfEnvoy(config, logger)
  const xdsAttempt = { what: 'the xDS server', host: LOOPBACK, port: config.xdsPort, flag: '--xds-port' }
  const xdsPort = await server.listen(LOOPBACK, config.xdsPort).catch((error: unknown) => {
    throw listenError(error, xdsAttempt)
  })
  const bootstrap = bootstrapFor(config, xdsPort, trust)
  const files = watchFiles(config, controlPlane, logger)
  const sources = standaloneSources({ config, controlPlane, statuses, history, files, hooks, bootstrap, metrics })
  const admin = await startAdmin(config, sources, logger).catch(async (error: unknown) => {
    await server.close()
    throw error
  })

  // Nothing can come between now: whoever runs in this folder keeps what its proxies have if this one does not.
  await trust?.admitProxies().catch(async (error: unknown) => {
    await admin.stop()
    await server.close()
    throw error
  })
  const onOutput = (bytes: Buffer): void => void process.stdout.write(bytes)
  const ofEnvoy = { logger, logLevel: config.log.level, bootstrap, onOutput }
  const envoy = envoyPath === undefined ? undefined : new EnvoyProcess({ path: envoyPath, ...ofEnvoy })
  const parts = [(running: AbortSignal) => files.provider.start(pipeline, running)]
  if (envoy !== undefined) parts.push((running) => envoy.start(running))
  const ended = runAll(parts, signal).finally(async () => {
    fetcher.stop()
    await admin.stop()
    await server.close()
    hooks?.close()
    await state.close()
  })
  const serving = envoy === undefined ? completeOnce(controlPlane) : servedOnce(controlPlane)
  return { controlPlane, statuses, sources, serving, xdsPort, adminPort: admin.port, localEnvoy: () => envoy?.state, ended }
}

/** Proxies run on this machine: its own authorities are those of the system. */
function proxyPlace({ systemAuthorities }: StandaloneConfig): ProxyPlace {
  const systemTrustFile = systemAuthorities ?? findSystemAuthorities()
  return { allowExternalName: true, ...(systemTrustFile === undefined ? {} : { systemTrustFile }) }
}

/** Undefined where none is to run. Throws `EnvoyNotFoundError`. */
async function pathOfEnvoy({ envoy }: StandaloneConfig, logger: Logger): Promise<string | undefined> {
  if (envoy.kind === 'none') return undefined
  const named = envoy.kind === 'path' ? { path: envoy.path } : {}
  return (await findEnvoy({ progress: (line) => logger.info(line), ...named })).path
}

function bootstrapFor({ zone }: StandaloneConfig, xdsPort: number, trust: LocalTrust | undefined): EnvoyProcessOptions['bootstrap'] {
  return ({ adminSocketPath }) =>
    printBootstrap({
      node: { id: 'local', cluster: LOCAL_GROUP, ...(zone === undefined ? {} : { zone }) },
      xds: { host: LOOPBACK, port: xdsPort, ...(trust === undefined ? {} : { tls: trust.proxy }) },
      adminSocketPath,
    })
}

/** What the start could not read is missing until it can be: whoever serves the rest fails closed. */
function watchFiles(config: StandaloneConfig, { translation, pipeline }: ControlPlane, logger: Logger): WatchedFiles {
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
  return { provider, problems: () => problems }
}

function startAdmin({ adminPort }: StandaloneConfig, sources: AdminSources, logger: Logger): Promise<RunningHttpServer> {
  return startHttpServer({
    what: 'the admin server',
    host: LOOPBACK,
    port: adminPort,
    flag: '--admin-port',
    routes: adminRoutes(sources),
    onError: (err, path) => logger.error({ err, path }, 'the admin server failed'),
  })
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
