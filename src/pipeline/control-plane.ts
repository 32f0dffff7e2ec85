/** Store, translation, snapshots and ADS server, wired: what standalone, Kubernetes and tests share. */
import type { ServerCredentials } from '@grpc/grpc-js'
import type { TranslationContext } from '../gatewayapi/context.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import type { GatewayInfra } from '../ir/infra.js'
import { KINDS } from '../kinds/index.js'
import { OurObjects } from '../store/our-objects.js'
import { ResourceStore } from '../store/resource-store.js'
import { HOOK_ORIGIN_KIND } from '../xds/hook-origin.js'
import type { RejectedVersions } from '../xds/rejected-versions.js'
import { AdsServer } from '../xds/server/ads-server.js'
import type { ServerLog } from '../xds/server/ads-stream.js'
import type { Authenticator } from '../xds/server/authentication.js'
import { SnapshotCache } from '../xds/snapshot-cache.js'
import type { XdsOptions } from '../xds/translate/declare.js'
import type { ExtensionHooks } from './extension-hooks.js'
import { type Fetches, Pipeline, type PipelineOptions, type ReferencedObjects, type RoundReport } from './pipeline.js'
import type { PlacementPolicy } from './placements.js'
import { createTranslation, type Translation } from './translation.js'

/** What a control plane needs from outside. */
export interface ControlPlaneOptions {
  readonly context: TranslationContext
  readonly placements: PlacementPolicy
  readonly authenticator: Authenticator
  readonly credentials: ServerCredentials
  readonly rejected?: RejectedVersions
  readonly imageOf?: PipelineOptions['imageOf']
  readonly xds?: XdsOptions
  readonly log?: ServerLog
  readonly references?: ReferencedObjects
  /** Asks an extension server; undefined without one. */
  readonly hooks?: ExtensionHooks | undefined
  readonly fetches?: Fetches
  readonly onStatuses?: (changes: ReadonlyMap<string, ObjectStatus | undefined>) => void
  readonly onInfra?: (changes: ReadonlyMap<string, GatewayInfra | undefined>) => void
  readonly onSelectedPods?: PipelineOptions['onSelectedPods']
  readonly onClassFinalizers?: PipelineOptions['onClassFinalizers']
  readonly onRound?: (report: RoundReport) => void
  /** See `PipelineOptions.routesAtOnce`. */
  readonly routesAtOnce?: number
}

/** A control plane without a provider yet: `pipeline` is the sink for one. */
export interface ControlPlane {
  readonly translation: Translation
  readonly store: ResourceStore
  readonly snapshots: SnapshotCache
  readonly pipeline: Pipeline
  readonly server: AdsServer
}

/** Wires a control plane; nothing listens and nothing runs yet. */
export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { context, placements, onStatuses, onInfra, onSelectedPods, onClassFinalizers, onRound } = options
  const { hooks } = options
  const translation = createTranslation(context, options.xds, hooks?.options)
  const store = new ResourceStore(KINDS, new OurObjects(translation.inputs, context.controllerName))
  const snapshots = new SnapshotCache()
  const server = new AdsServer({
    cache: snapshots,
    authenticator: options.authenticator,
    credentials: options.credentials,
    areFleetsApart: options.imageOf !== undefined,
    ...(options.rejected === undefined ? {} : { rejected: options.rejected }),
    ...(options.log === undefined ? {} : { log: options.log }),
  })
  const pipeline = new Pipeline({
    translation,
    rejected: server.rejected,
    store,
    snapshots,
    placements,
    ...(options.imageOf === undefined ? {} : { imageOf: options.imageOf }),
    ...(options.references === undefined ? {} : { references: options.references }),
    ...(hooks === undefined ? {} : { hooks }),
    ...(options.fetches === undefined ? {} : { fetches: options.fetches }),
    ...(onStatuses === undefined ? {} : { onStatuses }),
    ...(onInfra === undefined ? {} : { onInfra }),
    ...(onSelectedPods === undefined ? {} : { onSelectedPods }),
    ...(onClassFinalizers === undefined ? {} : { onClassFinalizers }),
    ...(onRound === undefined ? {} : { onRound }),
    ...(options.routesAtOnce === undefined ? {} : { routesAtOnce: options.routesAtOnce }),
  })
  if (hooks !== undefined) attachHooks(hooks, translation, pipeline)
  server.tracker.onDelivery((event) => {
    if (event.kind === 'progress') pipeline.progress(event.group, event)
    else pipeline.rejected(event.rejected, event.group)
  })
  return { translation, store, snapshots, pipeline, server }
}

function attachHooks(hooks: ExtensionHooks, { hookAnswers }: Translation, pipeline: Pipeline): void {
  const { deliveries } = pipeline
  const prefix = `${HOOK_ORIGIN_KIND}//`
  hooks.attach({
    answered: (key, answer) => {
      if (hookAnswers?.set(key, answer) !== true) return
      // Another answer is not the one that Envoy refused.
      deliveries.changed(`${prefix}${key}`)
      pipeline.touched()
    },
    withheld: (object, message) => {
      if (deliveries.withhold(object, message)) pipeline.touched()
    },
  })
  deliveries.onHeld((object, message) => {
    if (object.startsWith(prefix)) hooks.refused(object.slice(prefix.length), message)
  })
}
