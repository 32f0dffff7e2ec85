/** This replica and the others: what they ask each other, what the leader is told, and who takes proxies over. */
import type { UntypedServiceImplementation } from '@grpc/grpc-js'
import type { AdminSources, StatusReport } from '../../admin/sources.js'
import type { KubernetesConfig } from '../../config/config.js'
import type { LeaseElector } from '../../k8s/lease-elector.js'
import type { Logger } from '../../telemetry/logger.js'
import { runAll } from '../../util/run-all.js'
import type { ClusterAccess } from '../cluster/access.js'
import type { ControlPlane } from '../control-plane.js'
import { replicaCredentials } from './credentials.js'
import { HandOver } from './hand-over.js'
import { type Holder, hostAndPort, parseHolder } from './identity.js'
import { askLeader, statusServer } from './leader-status.js'
import { lookAtOthers, lookServer, replicaAddresses } from './look.js'
import { type ReporterOptions, reportToLeader } from './report-client.js'
import { reportServer } from './report-server.js'
import { askInTouch, touchServer } from './touch.js'

/** What replicas know each other by. */
export interface PeersOptions {
  readonly access: ClusterAccess
  readonly config: KubernetesConfig
  /** This replica. */
  readonly self: Holder
  readonly elector: LeaseElector
  readonly controlPlane: ControlPlane
  /** Of the proxies of this replica. */
  readonly history: AdminSources['history']
  /** What this replica says of objects. */
  readonly status: () => StatusReport
  /** Told for how long the API server has not answered, in milliseconds, each time that it is looked at. */
  readonly onSilence: (milliseconds: number) => void
  readonly logger: Logger
}

/** The part of this replica among the others. */
export interface Peers {
  /** What they are answered by `replicaService`. */
  readonly answers: UntypedServiceImplementation
  /** What the others know of their proxies. */
  readonly others: AdminSources['others']
  /** What the leader says of objects. */
  readonly leaderStatus: AdminSources['leaderStatus']
  /** Why proxies are better off with another one; undefined while they are not. */
  readonly problem: () => string | undefined
  /** Tells the leader of the proxies here, and hands them over where that helps, until the signal aborts. Never rejects. */
  start(signal: AbortSignal): Promise<void>
}

/** Nobody is asked or told anything before `start`. */
export function replicaPeers({ access, config, self, elector, controlPlane, history, status, onSilence, logger }: PeersOptions): Peers {
  const { authority, edge, serverName } = access
  const { pipeline, server } = controlPlane
  const credentials = () => replicaCredentials(authority, self.name)
  const asReplica = () => ({ serverName, credentials: credentials() })
  const handOver = new HandOver({
    replica: self.name,
    silenceMs: () => elector.silenceMs,
    streams: () => server.streams,
    // Whichever replica its Service leads to.
    ask: (signal) => askInTouch({ address: hostAndPort(serverName, config.xds.port), ...asReplica() }, signal),
    dismiss: () => server.dismiss(),
    onSilence,
    clock: edge.clock,
    log: logger,
  })
  const reporter: ReporterOptions = {
    replica: self.name,
    leader: () => (elector.holder === '' ? undefined : parseHolder(elector.holder)),
    credentials,
    serverName,
    deliveries: pipeline.deliveries,
    rejected: server.rejected,
    onRejected: (version) => pipeline.rejected(version),
    clock: edge.clock,
    log: logger,
  }
  return {
    answers: {
      ...touchServer(self.name, () => handOver.isInTouch),
      ...takesReports(controlPlane, logger),
      ...lookServer(self.name, { proxies: () => server.tracker.proxies(Date.now()), history }),
      ...statusServer(self.name, status),
    },
    others: (at, limit) => {
      const service = { namespace: config.namespace, name: config.xdsService }
      const addresses = replicaAddresses(controlPlane.store.list('EndpointSlice'), service).filter((each) => each !== self.address)
      return lookAtOthers(addresses, { self: self.name, at, limit, ...asReplica() })
    },
    leaderStatus: () => askLeader(self.name, elector, asReplica()),
    problem: () => handOver.problem,
    start: (signal) => runAll([(each) => reportToLeader(reporter, each), (each) => handOver.start(each)], signal),
  }
}

function takesReports({ pipeline, server }: ControlPlane, logger: Logger): UntypedServiceImplementation {
  const sink = {
    reported: (...report: Parameters<typeof pipeline.deliveries.reported>) => {
      if (pipeline.deliveries.reported(...report)) pipeline.touched()
    },
    replicaGone: (gone: string) => {
      if (pipeline.deliveries.replicaGone(gone)) pipeline.touched()
    },
    rejected: (version: Parameters<typeof pipeline.rejected>[0]) => pipeline.rejected(version),
  }
  return reportServer(sink, server.rejected, logger)
}
