/** Follows everything that we made in the cluster. */
import { linkedController } from '../../k8s/abort.js'
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

/** Something that is followed. */
interface Following {
  /** Resolves when everything that exists was told. */
  readonly listed: Promise<unknown>
  /** Resolves when nothing is followed any more. */
  readonly ended: Promise<unknown>
}

const NAMESPACES = { group: '', version: 'v1', plural: 'namespaces' }

/** Runs until the signal aborts; `listed` is called when everything that exists was told. */
export async function watchOwned(options: OwnedWatchOptions, listed: () => void, signal: AbortSignal): Promise<void> {
  const followed = options.namespaces.map((namespace) =>
    namespace === '' ? followOwned(options, namespace, signal) : followWhileThere(options, namespace, signal),
  )
  void Promise.all(followed.map((each) => each.listed)).then(listed)
  await Promise.all(followed.map((each) => each.ended))
}

/**
 * Whoever deletes a namespace takes away the Roles by which we may look into it. There is nothing in it then, and others do not wait for it: one
 * team would keep the Gateways of all others from being provisioned.
 */
function followWhileThere(options: OwnedWatchOptions, namespace: string, signal: AbortSignal): Following {
  const { client, clock, log, onState } = options
  let inside: (Following & { readonly stop: () => void }) | undefined
  const onChanges = (changed: readonly RawObject[], removed: readonly ObjectKey[]): void => {
    if (removed.length > 0) {
      inside?.stop()
      inside = undefined
    }
    if (changed.length === 0 || inside !== undefined) return
    const link = linkedController(signal)
    const following = followOwned(options, namespace, link.controller.signal)
    void following.ended.then(() => link[Symbol.dispose]())
    inside = { ...following, stop: () => link.controller.abort() }
  }
  const reflector = new Reflector({
    ...{ client, clock, log, resource: NAMESPACES, fieldSelector: `metadata.name=${namespace}`, metadataOnly: true, onChanges },
    onState: (state) => onState(`namespaces named ${namespace}`, state),
  })
  return { listed: reflector.listed.then(() => inside?.listed), ended: reflector.start(signal).then(() => inside?.ended) }
}

function followOwned({ client, clock, log, onObject, onState }: OwnedWatchOptions, namespace: string, signal: AbortSignal): Following {
  const reflectors = Object.entries(OWNED_KINDS).map(([kind, resource]) => {
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
  })
  return {
    listed: Promise.all(reflectors.map((reflector) => reflector.listed)),
    ended: Promise.all(reflectors.map((reflector) => reflector.start(signal))),
  }
}
