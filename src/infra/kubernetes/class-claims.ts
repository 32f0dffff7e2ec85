/**
 * Keeps two installations of one controllerName apart. Both would serve the same Gateways, and replace each other's Envoys for ever. So each writes its
 * name on the GatewayClasses, which only those may change who answer for the cluster, and leads while nobody else does.
 *
 * Whoever leads puts its name back when another one takes its place. So who finds another name there writes its own, and leads if that still stands after a
 * while: then the other installation is gone. If not, it stands aside and asks again later.
 */
import { linkedController, untilAborted } from '../../k8s/abort.js'
import type { Clock } from '../../k8s/clock.js'
import { CONTENT_TYPE, type KubeClient } from '../../k8s/kube-client.js'
import { lacksRight } from '../../k8s/kube-error.js'
import { type RawObject, stringAt } from '../../k8s/kube-json.js'
import type { Log } from '../../k8s/log.js'
import { Reflector } from '../../k8s/reflector.js'
import { GATEWAY_CLASSES, gatewayClassPath } from './gateway-classes.js'

/** On a GatewayClass: the installation that serves it. */
const INSTALLATION_ANNOTATION = 'headgate.dev/installation'

/** Longer than an installation is without a leader when one of its pods is killed. */
const ANSWER_MS = 20_000

/** How often one asks again who stands aside. */
const ASIDE_MS = 60_000

/** Whoever has to put its name back more often within a minute does not serve alone. */
const MOST_ANSWERS = 3

/** Another installation that serves a class of ours. */
export interface Rival {
  readonly gatewayClass: { readonly name: string; readonly uid: string; readonly generation: number }
  /** Its `namespace/name`. */
  readonly installation: string
  /** True: it leads, and we stand aside. False: it asked, and we lead. */
  readonly leads: boolean
}

/** What it works with. */
export interface ClassClaimOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  /** Classes of this controller are ours. */
  readonly controllerName: string
  /** `namespace/name` of this installation: the same for all its replicas. */
  readonly installation: string
  readonly onRival: (rival: Rival) => void
}

/** The claims of one leader. */
export class ClassClaims {
  readonly #options: ClassClaimOptions
  readonly #classes = new Map<string, RawObject>()
  /** The installation that leads in our place, while it does. */
  #rival: string | undefined
  #onChange: () => void = () => undefined

  constructor(options: ClassClaimOptions) {
    this.#options = options
  }

  /** The installation that leads in our place; undefined while none does. */
  get rival(): string | undefined {
    return this.#rival
  }

  /** Runs `lead` while no other installation serves the classes, until the signal aborts. Rejects if `lead` does. */
  async lead(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    using link = linkedController(signal)
    this.#classes.clear()
    const reflector = this.#follow()
    const following = reflector.start(link.controller.signal)
    try {
      // Where classes may not be read, nothing else can be done with them either.
      await untilAborted(reflector.answered, signal)
      while (!signal.aborted) {
        if ((await this.#isFree(signal)) && !signal.aborted) await this.#leadAlone(lead, signal)
        if (!signal.aborted) await this.#standAside(signal)
      }
    } finally {
      link.controller.abort()
      await following
    }
  }

  #follow(): Reflector {
    const { client, clock, log, controllerName } = this.#options
    return new Reflector({
      ...{ client, clock, log, resource: GATEWAY_CLASSES },
      onChanges: (changed, removed) => {
        for (const object of changed) {
          if (stringAt(object, 'spec', 'controllerName') === controllerName) this.#classes.set(object.metadata.name, object)
          // One that was deleted and made anew for another controller.
          else this.#classes.delete(object.metadata.name)
        }
        for (const key of removed) this.#classes.delete(key.slice(1))
        this.#onChange()
      },
    })
  }

  /** True if nobody else leads. */
  async #isFree(signal: AbortSignal): Promise<boolean> {
    if (this.#others().length === 0) return true
    const failure = await this.#write(signal)
    // Who may not write its name cannot ask: it does as if there were no names.
    if (failure !== undefined) return lacksRight(failure)
    await this.#options.clock.sleep(ANSWER_MS, signal)
    return this.#others().length === 0
  }

  async #leadAlone(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    using link = linkedController(signal)
    this.#rival = undefined
    const answers: number[] = []
    this.#onChange = () => {
      for (const other of this.#others()) {
        this.#tell(other, false)
        answers.push(clock.monotonicMs())
      }
      const since = clock.monotonicMs() - ASIDE_MS
      if (answers.filter((atMs) => atMs > since).length > MOST_ANSWERS * this.#classes.size) link.controller.abort()
      else void this.#write(link.controller.signal)
    }
    void this.#write(link.controller.signal)
    try {
      await lead(link.controller.signal)
    } finally {
      this.#onChange = () => undefined
    }
  }

  async #standAside(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    for (const other of this.#others()) this.#tell(other, true)
    // Two that stand aside do not come back at the same moment.
    await clock.sleep(ASIDE_MS * (1 + clock.random()), signal)
  }

  #tell(gatewayClass: RawObject, leads: boolean): void {
    const { log, installation, onRival } = this.#options
    const other = claimOf(gatewayClass)
    const { name, uid = '', generation = 0 } = gatewayClass.metadata
    if (leads && this.#rival !== other)
      log.error({ gatewayClass: name, other, installation }, 'another installation has this controllerName and leads: nothing is written')
    if (leads) this.#rival = other
    onRival({ gatewayClass: { name, uid, generation }, installation: other, leads })
  }

  /** Classes that another installation has its name on. */
  #others(): readonly RawObject[] {
    return [...this.#classes.values()].filter((object) => ![undefined, '', this.#options.installation].includes(claimOf(object)))
  }

  /** Writes our name on every class that has another one, or none. Returns why that was not possible. */
  async #write(signal: AbortSignal): Promise<unknown> {
    const { client, log, installation } = this.#options
    const body = { metadata: { annotations: { [INSTALLATION_ANNOTATION]: installation } } }
    const unnamed = [...this.#classes.values()].filter((object) => claimOf(object) !== installation)
    const written = unnamed.map(async ({ metadata: { name } }) => {
      await client.json({ method: 'PATCH', path: gatewayClassPath(name), body, contentType: CONTENT_TYPE.mergePatch }, signal)
    })
    const failed = (await Promise.allSettled(written)).find((each) => each.status === 'rejected')
    if (failed !== undefined && !signal.aborted)
      log.debug({ err: failed.reason }, 'the name of the installation was not written on a class')
    return failed?.reason
  }
}

function claimOf({ metadata: { annotations = {} } }: RawObject): string {
  return annotations[INSTALLATION_ANNOTATION] ?? ''
}
