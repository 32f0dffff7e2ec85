/** What the admin server tells on a laptop. */
import type { AdminSources, Problem } from '../../admin/sources.js'
import type { StandaloneConfig } from '../../config/config.js'
import type { EnvoyProcessOptions } from '../../infra/host/envoy-process.js'
import { LOCAL_GROUP } from '../../infra/host/local-placements.js'
import type { FileProvider } from '../../provider/file/file-provider.js'
import type { Metrics } from '../../telemetry/metrics.js'
import type { ControlPlane } from '../control-plane.js'
import type { ExtensionHooks } from '../extension-hooks.js'
import type { ObjectStatuses } from '../observe/object-statuses.js'
import { sharedSources } from '../observe/shared-sources.js'
import { placeText } from './file-problems.js'
import { folderWarnings } from './warnings.js'

/** The folder, and what is wrong with its files now. */
export interface WatchedFiles {
  readonly provider: FileProvider
  readonly problems: () => readonly Problem[]
}

/** Who knows it. */
export interface StandaloneSourcesOptions {
  readonly config: StandaloneConfig
  readonly controlPlane: ControlPlane
  readonly statuses: ObjectStatuses
  readonly history: AdminSources['history']
  readonly files: WatchedFiles
  readonly hooks: ExtensionHooks | undefined
  readonly bootstrap: EnvoyProcessOptions['bootstrap']
  readonly metrics: Metrics
}

/** Reads it afresh each time that somebody asks. */
export function standaloneSources(options: StandaloneSourcesOptions): AdminSources {
  const { config, controlPlane, statuses, history, files, bootstrap, metrics } = options
  const { snapshots } = controlPlane
  return {
    ...sharedSources(controlPlane, metrics),
    statuses: () => statuses.values(),
    problems: () => problems(options),
    replica: '',
    others: async () => [],
    leaderStatus: async () => undefined,
    whereIs: (object, path) => placeText(files.provider.placeOf(object, path)),
    history,
    bootstraps: () => [{ group: LOCAL_GROUP, bootstrap: JSON.parse(bootstrap({ adminSocketPath: '<chosen at start>' })) }],
    health: () => ({
      live: true,
      ready: snapshots.isComplete,
      reasons: snapshots.isComplete ? [] : [`${config.resources} has not been read yet`],
    }),
  }
}

function problems({ config, controlPlane, files, hooks }: StandaloneSourcesOptions): readonly Problem[] {
  const { store, translation } = controlPlane
  return [
    ...files.problems(),
    ...folderWarnings(store, translation, config.controllerName),
    ...(hooks?.problems(translation.inputs.quarantines.entries()) ?? []),
  ]
}
