/** Store, translation, snapshots and ADS server, wired: what standalone, Kubernetes and tests share. */
import type { ServerCredentials } from '@grpc/grpc-js'
import type { TranslationContext } from '../gatewayapi/context.js'
import { KINDS } from '../kinds/index.js'
import { OurObjects } from '../store/our-objects.js'
import { ResourceStore } from '../store/resource-store.js'
import { HOOK_ORIGIN_KIND } from '../xds/hook-origin.js'
import { AdsServer } from '../xds/server/ads-server.js'
import type { Authenticator } from '../xds/server/authentication.js'
import type { ServerLog } from '../xds/server/stream-context.js'
import { SnapshotCache } from '../xds/snapshot-cache.js'
import type { XdsOptions } from '../xds/translate/declare.js'
import type { ExtensionHooks } from './extension-hooks.js'
import { Pipeline, type PipelineOptions } from './pipeline.js'
import { createTranslation, type Translation } from './translation.js'

/** What a control plane needs from outside, with all that its pipeline does. */
export interface ControlPlaneOptions extends Omit<PipelineOptions, 'translation' | 'store' | 'snapshots' | 'hooks'> {
  readonly context: TranslationContext
  readonly authenticator: Authenticator
  readonly credentials: ServerCredentials
  readonly xds?: XdsOptions
  readonly log?: ServerLog
  /** Asks an extension server; undefined without one. */
  readonly hooks?: ExtensionHooks | undefined
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
  const { context, authenticator, credentials, rejected, xds, log, hooks, ...ofPipeline } = options
  const translation = createTranslation(context, xds, hooks?.options)
  const store = new ResourceStore(KINDS, new OurObjects(translation.inputs, context.controllerName))
  const snapshots = new SnapshotCache()
  const areFleetsApart = options.imageOf !== undefined
  const server = new AdsServer({ cache: snapshots, authenticator, credentials, areFleetsApart, rejected, log })
  const pipeline = new Pipeline({ ...ofPipeline, translation, store, snapshots, rejected: server.rejected, hooks })
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
