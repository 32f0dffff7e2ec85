/**
 * Keeps the Envoys of every Gateway running as they should: makes what is missing, changes what differs, repairs what others changed,
 * deletes what is no longer wanted, and reads the addresses that the cluster gave. Every replica reads; only the leader writes.
 */
import type { GatewayAddresses } from '../../gatewayapi/inputs.js'
import type { GatewayInfra } from '../../ir/infra.js'
import { API_BACKOFF, backoffMs } from '../../k8s/backoff.js'
import type { Clock } from '../../k8s/clock.js'
import type { KubeClient } from '../../k8s/kube-client.js'
import { KubeApiError } from '../../k8s/kube-error.js'
import type { RawObject } from '../../k8s/kube-json.js'
import type { Log } from '../../k8s/log.js'
import { deepEqual } from '../../util/deep-equal.js'
import { readAddresses } from './addresses.js'
import { FleetWriter, ForeignObjectError } from './fleet-writer.js'
import { CONTROLLER_ANNOTATION } from './labels.js'
import { type Manifest, manifestsOf, type XdsEndpoint } from './manifests.js'
import { fleetName } from './names.js'
import { contentMark, gatewayOf, type OwnedName, ownedName } from './owned-objects.js'
import { watchOwned } from './owned-watch.js'
import { fleetGroup } from './pod-placements.js'
import { readProxySettings } from './proxy-settings.js'
import { WorkQueue } from './work-queue.js'

/** What a provisioner works with. */
export interface ProvisionerOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly log: Log
  /** Names this installation on what it makes. */
  readonly controllerName: string
  /** Namespaces in which Gateways may be; one empty string for all. */
  readonly namespaces: readonly string[]
  /** Envoy's image where no GatewayConfig names one. */
  readonly envoyImage: string
  /** Where the Envoys find the controller, as of now. */
  readonly xds: () => XdsEndpoint
  /** `metadata.uid` of a Gateway, by its key. */
  readonly uidOf: (gateway: string) => string | undefined
  /** Told when the addresses of a Gateway, or what keeps it from having them, changed; undefined when there is no such Gateway any more. */
  readonly onAddresses: (gateway: string, addresses: GatewayAddresses | undefined) => void
}

/** So many Gateways are worked on at once. */
const CONCURRENCY = 4

/** So many repairs of an object are free; then the wait grows, until nothing happened for a while. */
const REPAIR_MS = { free: 5, most: 60_000, forget: 300_000 }

/** Provisions the Gateways that it is told of. */
export class Provisioner {
  readonly #options: ProvisionerOptions
  readonly #writer: FleetWriter
  readonly #queue: WorkQueue
  readonly #infra = new Map<string, GatewayInfra>()
  readonly #observed = new Map<OwnedName, RawObject>()
  /** Objects that were made for a Gateway, by its key. */
  readonly #objects = new Map<string, Set<OwnedName>>()
  readonly #problems = new Map<string, NonNullable<GatewayAddresses['problem']>>()
  readonly #told = new Map<string, GatewayAddresses>()
  readonly #failures = new Map<string, number>()
  readonly #repairs = new Map<OwnedName, { readonly count: number; readonly atMs: number }>()
  #knowsGateways = false
  #hasListed = false

  constructor(options: ProvisionerOptions) {
    this.#options = options
    this.#writer = new FleetWriter(options.client)
    this.#queue = new WorkQueue(options.clock, CONCURRENCY)
  }

  /** What Gateways need now, by their key; undefined: nothing any more. The first call says everything. */
  set(changes: ReadonlyMap<string, GatewayInfra | undefined>): void {
    for (const [gateway, infra] of changes) {
      if (infra === undefined) this.#infra.delete(gateway)
      else this.#infra.set(gateway, infra)
      if (infra === undefined) this.#problems.delete(gateway)
      this.#tell(gateway)
      this.#queue.add(gateway)
    }
    const isFirst = !this.#knowsGateways
    this.#knowsGateways = true
    if (isFirst) this.#sweep()
  }

  /** Looks at every Gateway again: something outside, such as the controller's own authority, has changed. */
  refresh(): void {
    for (const gateway of this.#infra.keys()) this.#queue.add(gateway)
  }

  /** Reads what is in the cluster until the signal aborts. Every replica does. Never rejects. */
  async observe(signal: AbortSignal): Promise<void> {
    const { client, clock, log, namespaces } = this.#options
    const listed = (): void => {
      this.#hasListed = true
      this.#sweep()
      this.refresh()
    }
    await watchOwned({ client, clock, log, namespaces, onObject: (name, object) => this.#see(name, object) }, listed, signal)
  }

  /** Changes what differs until the signal aborts; afterwards no request is under way. Only the leader does. Never rejects. */
  async lead(signal: AbortSignal): Promise<void> {
    this.#sweep()
    this.refresh()
    await this.#queue.run((gateway) => this.#provision(gateway, signal), signal)
  }

  /** What was made for Gateways that are gone, perhaps while nobody led. */
  #sweep(): void {
    if (!this.#knowsGateways || !this.#hasListed) return
    for (const gateway of this.#objects.keys()) if (!this.#infra.has(gateway)) this.#queue.add(gateway)
  }

  #see(name: OwnedName, object: RawObject | undefined): void {
    const gateway = this.#remember(name, object)
    if (gateway === undefined) return
    if (name.startsWith('Service/')) this.#tell(gateway)
    const isWanted = this.#infra.has(gateway)
    const isAsApplied = object !== undefined && this.#writer.markOf(name) === contentMark(object)
    if (!this.#hasListed) return
    if (!isWanted && this.#knowsGateways && object !== undefined) this.#queue.add(gateway)
    if (isWanted && !isAsApplied) this.#queue.addLater(gateway, this.#repairDelayMs(name))
  }

  /** How long a foreign change is left standing: whoever changes the same thing again and again is answered ever more seldom. */
  #repairDelayMs(name: OwnedName): number {
    const nowMs = this.#options.clock.monotonicMs()
    const last = this.#repairs.get(name)
    const count = last !== undefined && nowMs - last.atMs < REPAIR_MS.forget ? last.count + 1 : 0
    this.#repairs.set(name, { count, atMs: nowMs })
    // Controllers of the cluster add to what was just made a few times: that is no fight.
    return count < REPAIR_MS.free ? 0 : Math.min(1_000 * 2 ** (count - REPAIR_MS.free), REPAIR_MS.most)
  }

  /** Returns the Gateway that the object belongs to. */
  #remember(name: OwnedName, object: RawObject | undefined): string | undefined {
    const { controllerName } = this.#options
    const before = this.#observed.get(name)
    const now = object && gatewayOf(object, controllerName)
    // An object that another installation took over is as good as gone.
    const gateway = now ?? (before && gatewayOf(before, controllerName))
    if (object === undefined) this.#observed.delete(name)
    else this.#observed.set(name, object)
    if (gateway === undefined) return undefined
    const names = this.#objects.get(gateway) ?? new Set()
    if (now === undefined) names.delete(name)
    else names.add(name)
    if (names.size === 0) this.#objects.delete(gateway)
    else this.#objects.set(gateway, names)
    return gateway
  }

  async #provision(gateway: string, signal: AbortSignal): Promise<void> {
    // Before everything was listed, what exists would look missing; afterwards every Gateway is looked at.
    if (!this.#hasListed) return
    try {
      await this.#bring(gateway, signal)
      this.#failures.delete(gateway)
      if (this.#problems.delete(gateway)) this.#tell(gateway)
    } catch (error) {
      if (!signal.aborted) this.#fail(gateway, error)
    }
  }

  async #bring(gateway: string, signal: AbortSignal): Promise<void> {
    const infra = this.#infra.get(gateway)
    if (infra === undefined) {
      await this.#deleteBut(gateway, new Set(), signal)
      return
    }
    const gatewayUid = this.#options.uidOf(gateway)
    if (infra.problem !== undefined || infra.ports.length === 0 || gatewayUid === undefined) return
    const settings = readProxySettings(infra.config, this.#options.envoyImage)
    const manifests = manifestsOf(infra, { gatewayUid, group: fleetGroup(gateway), settings, xds: this.#options.xds() })
    const wanted = new Set<OwnedName>()
    for (const made of manifests) {
      const manifest = markedAs(made, this.#options.controllerName)
      const name = ownedName(manifest.kind, manifest.metadata.namespace, manifest.metadata.name)
      wanted.add(name)
      const applied = await this.#writer.apply(name, manifest, gatewayUid, this.#observed.get(name), signal)
      // The watch may have told of a later change while the answer was under way.
      if (applied !== undefined && !isNewer(this.#observed.get(name), applied)) {
        this.#remember(name, applied)
        if (manifest.kind === 'Service') this.#tell(gateway)
      }
    }
    await this.#deleteBut(gateway, wanted, signal)
  }

  async #deleteBut(gateway: string, wanted: ReadonlySet<OwnedName>, signal: AbortSignal): Promise<void> {
    for (const name of [...(this.#objects.get(gateway) ?? [])]) {
      const object = this.#observed.get(name)
      if (wanted.has(name) || object === undefined || object.metadata.deletionTimestamp !== undefined) continue
      await this.#writer.remove(name, object, signal)
    }
  }

  #fail(gateway: string, error: unknown): void {
    const { clock, log } = this.#options
    const failures = (this.#failures.get(gateway) ?? 0) + 1
    this.#failures.set(gateway, failures)
    const waitMs = backoffMs(API_BACKOFF, failures, clock)
    log.warn({ err: error, gateway, waitMs }, 'the Envoys of a Gateway could not be provisioned; trying again')
    this.#queue.addLater(gateway, waitMs)
    const problem = problemOf(error)
    if (problem === undefined) return
    this.#problems.set(gateway, problem)
    this.#tell(gateway)
  }

  /** Tells the addresses of a Gateway if they have changed. */
  #tell(gateway: string): void {
    const infra = this.#infra.get(gateway)
    if (infra === undefined) {
      if (this.#told.delete(gateway)) this.#options.onAddresses(gateway, undefined)
      return
    }
    const service = this.#observed.get(ownedName('Service', infra.gateway.namespace, fleetName(infra.gateway.name)))
    const addresses = readAddresses(service, infra.addresses)
    const problem = this.#problems.get(gateway)
    const now = problem === undefined ? addresses : { ...addresses, problem }
    if (deepEqual(this.#told.get(gateway), now)) return
    this.#told.set(gateway, now)
    this.#options.onAddresses(gateway, now)
  }
}

function markedAs(manifest: Manifest, controllerName: string): Manifest {
  const annotations = { ...manifest.metadata.annotations, [CONTROLLER_ANNOTATION]: controllerName }
  return { ...manifest, metadata: { ...manifest.metadata, annotations } }
}

function isNewer(a: RawObject | undefined, b: RawObject): boolean {
  return Number(a?.metadata.resourceVersion ?? 0) > Number(b.metadata.resourceVersion ?? 0)
}

function problemOf(error: unknown): GatewayAddresses['problem'] {
  if (error instanceof ForeignObjectError) return { reason: 'Invalid', message: error.message }
  // A server that is away says nothing about the Gateway; one that refuses does.
  if (error instanceof KubeApiError && error.status < 500 && error.status !== 429 && error.status !== 409) {
    // A ClusterIP that is taken or out of range makes the Service invalid.
    const isAddress = error.status === 422 && /spec\.clusterIPs?/.test(error.message)
    const reason = isAddress ? 'AddressNotUsable' : 'NoResources'
    return { reason, message: `The cluster refuses what this Gateway needs: ${error.message}.` }
  }
  return undefined
}
