/** Puts the finalizer on GatewayClasses that Gateways use, and takes it away again. */
import { type FinalizerChange, GATEWAY_EXISTS_FINALIZER } from '../../gatewayapi/gateways/gateway-class-finalizers.js'
import type { Clock } from '../../k8s/clock.js'
import { CONTENT_TYPE, type KubeClient } from '../../k8s/kube-client.js'
import { hasStatus } from '../../k8s/kube-error.js'
import { isRawObject } from '../../k8s/kube-json.js'
import type { Log } from '../../k8s/log.js'
import { DesiredWriter } from './desired-writer.js'
import { gatewayClassPath } from './gateway-classes.js'

/** What it works with. */
export interface ClassFinalizerOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
}

/** Writes finalizers; the keys are those of the classes. */
export function createClassFinalizers({ client, clock, log }: ClassFinalizerOptions): DesiredWriter<FinalizerChange> {
  const bring = async (key: string, change: FinalizerChange | undefined, signal: AbortSignal): Promise<void> => {
    if (change === undefined) return
    const path = gatewayClassPath(key.slice(key.indexOf('/') + 1))
    try {
      const found = await client.json({ path }, signal)
      if (!isRawObject(found)) return
      const others = (found.metadata.finalizers ?? []).filter((each) => each !== GATEWAY_EXISTS_FINALIZER)
      // Merging replaces the whole list: the version makes sure that nobody's entry is lost.
      const { resourceVersion } = found.metadata
      const finalizers = change === 'add' ? [...others, GATEWAY_EXISTS_FINALIZER] : others
      const body = { metadata: { resourceVersion, finalizers } }
      await client.json({ method: 'PATCH', path, body, contentType: CONTENT_TYPE.mergePatch }, signal)
    } catch (error) {
      if (!hasStatus(error, 404)) throw error
    }
  }
  return new DesiredWriter({ clock, log, what: 'the finalizer of a GatewayClass', bring })
}
