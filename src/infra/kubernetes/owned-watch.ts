/** Follows everything that we made in the cluster. */
import type { Clock } from '../../k8s/clock.js'
import type { KubeClient } from '../../k8s/kube-client.js'
import type { RawObject } from '../../k8s/kube-json.js'
import type { Log } from '../../k8s/log.js'
import { Reflector } from '../../k8s/reflector.js'
import type { ReflectorState } from '../../k8s/reflector-state.js'
import type { ObjectKey } from '../../util/object-ref.js'
import { OWNED_SELECTOR } from './labels.js'
import { OWNED_KINDS } from './owned-kinds.js'
import { type OwnedName, ownedName } from './owned-objects.js'

/** What is followed, and who is told. */
export interface OwnedWatchOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  /** Namespaces in which Gateways may be; one empty string for all. */
  readonly namespaces: readonly string[]
  /** Told each object as it is now; undefined when it is gone. */
  readonly onObject: (name: OwnedName, object: RawObject | undefined) => void
  /** Told what becomes of a watch, by the resource and its namespace. */
  readonly onState: (resource: string, state: ReflectorState) => void
}

/** Runs until the signal aborts; `listed` is called when everything that exists was told. */
export async function watchOwned(options: OwnedWatchOptions, listed: () => void, signal: AbortSignal): Promise<void> {
  const { client, clock, log, namespaces, onObject, onState } = options
  const reflectors = Object.entries(OWNED_KINDS).flatMap(([kind, resource]) =>
    namespaces.map((namespace) => {
      const onChanges = (changed: readonly RawObject[], removed: readonly ObjectKey[]): void => {
        for (const object of changed) onObject(ownedName(kind, object.metadata.namespace ?? '', object.metadata.name), object)
        for (const key of removed) onObject(`${kind}/${key}` as OwnedName, undefined)
      }
      const { group, plural } = resource
      const watched = `${plural}${group === '' ? '' : `.${group}`} of Gateways${namespace === '' ? '' : ` in ${namespace}`}`
      return new Reflector({
        ...{ client, clock, log, resource, namespace, labelSelector: OWNED_SELECTOR, onChanges },
        onState: (state) => onState(watched, state),
      })
    }),
  )
  const running = reflectors.map((reflector) => reflector.start(signal))
  void Promise.all(reflectors.map((reflector) => reflector.listed)).then(listed)
  await Promise.all(running)
}
