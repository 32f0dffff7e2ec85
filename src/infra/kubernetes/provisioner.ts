/**
 * Keeps the Envoys of every Gateway running as they should: makes what is missing, changes what differs, repairs what others changed,
 * deletes what is no longer wanted, and reads the addresses that the cluster gave. Every replica reads; only the leader writes.
 */
import type { GatewayAddresses } from '../../gatewayapi/inputs.js'
import { type GatewayInfra, wantedAddresses } from '../../ir/infra.js'
import { classScope } from '../../ir/placement.js'
import { API_BACKOFF, backoffMs } from '../../k8s/backoff.js'
import type { Clock } from '../../k8s/clock.js'
import type { KubeClient } from '../../k8s/kube-client.js'
import { fieldAt, type RawObject } from '../../k8s/kube-json.js'
import type { Log } from '../../k8s/log.js'
import { type ReflectorState, refusalIn } from '../../k8s/reflector-state.js'
import { deepEqual } from '../../util/deep-equal.js'
import type { ObjectRef } from '../../util/object-ref.js'
import { absentProxies, missingProxies } from './absent-proxies.js'
import { asksOnlyForClusterAddresses, readAddresses } from './addresses.js'
import type { BindAddresses } from './bind-addresses.js'
import { fleetPlace, serviceName } from './fleet-place.js'
import { BootstrapProblem, fleetProblem } from './fleet-problem.js'
import { type FleetFailures, FleetProblems } from './fleet-problems.js'
import { FleetWriter, ForeignObjectError } from './fleet-writer.js'
import { CONTROLLER_ANNOTATION, podSelector } from './labels.js'
import { bootstrapOf, type Manifest, manifestsOf, type XdsEndpoint } from './manifests.js'
import { NameClaims } from './name-claims.js'
import { ObservedObjects } from './observed-objects.js'
import { contentMark, isOfAnother, kindOf, type OwnedName, ownedName } from './owned-objects.js'
import { watchOwned } from './owned-watch.js'
import { fleetGroup } from './pod-placements.js'
import { readProxySettings } from './proxy-settings.js'
import { RepairPace } from './repair-pace.js'
import { isRolledOut } from './rollout.js'
import { SettledShortages } from './settled-shortages.js'
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
  /** The namespace of the controller: fleets of classes are there. */
  readonly controllerNamespace: string
  /** What the Envoys bind, see `bindAddresses`. */
  readonly bindAddresses?: BindAddresses
  /** Envoy's image where no GatewayConfig names one. */
  readonly envoyImage: string
  /** Where the Envoys find the controller, as of now. */
  readonly xds: () => XdsEndpoint
  /** What the Envoys of a group want to be shown before they drain, see `drainKey`. */
  readonly drainKeyOf: (group: string) => string
  /** `metadata.uid` of a Gateway or a GatewayClass; undefined for one that nothing is to be made for, as it is not there or about to go. */
  readonly uidOf: (owner: ObjectRef) => string | undefined
  /** Resolves to false while owners may be there that have not been read yet, as when a backup was restored; true when all were told. */
  readonly knowsOwners?: () => Promise<boolean>
  /** Told when the addresses of a Gateway, or what keeps it from having them, changed; undefined when there is no such Gateway any more. */
  readonly onAddresses: (gateway: string, addresses: GatewayAddresses | undefined) => void
}

/** So many Gateways are worked on at once. */
const CONCURRENCY = 4

/** What belongs to nobody is looked at again so soon where its owner may not have been read. */
const UNREAD_MS = 1_000

/** Provisions the Gateways that it is told of. */
export class Provisioner {
  /** Resolves when `observe` has seen what is in the cluster. Until then nothing is known of addresses, and nobody is told that there are none. */
  readonly listed: Promise<void>
  /** What the API server does not let us read, and its words, by resource. Before all was read, nobody leads. */
  readonly refusals: Map<string, string> = new Map()
  readonly #options: ProvisionerOptions
  readonly #writer: FleetWriter
  readonly #queue: WorkQueue
  /** By the key of the Gateway, or `GatewayClass/<class>`. */
  readonly #infra = new Map<string, GatewayInfra>()
  /** The fleet of each Gateway. */
  readonly #fleets = new Map<string, string>()
  readonly #observed: ObservedObjects
  readonly #problems = new FleetProblems()
  readonly #told = new Map<string, GatewayAddresses>()
  readonly #failures = new Map<string, number>()
  readonly #claims = new NameClaims()
  /** Fleets of which something stays until what takes its place is there. */
  readonly #waiting = new Set<string>()
  /** Fleets of which others have the number of replicas, as far as this process has seen to it. */
  readonly #handedOver = new Set<string>()
  readonly #repairs: RepairPace
  readonly #shortages: SettledShortages
  /** While what is in the cluster is followed. */
  #following: AbortSignal = AbortSignal.abort()
  #knowsGateways = false
  #hasListed = false
  #resolveListed: () => void = () => undefined

  constructor(options: ProvisionerOptions) {
    this.#options = options
    this.listed = new Promise((resolve) => {
      this.#resolveListed = resolve
    })
    this.#writer = new FleetWriter(options.client)
    this.#queue = new WorkQueue(options.clock, CONCURRENCY)
    this.#observed = new ObservedObjects(options)
    this.#repairs = new RepairPace(options.clock)
    this.#shortages = new SettledShortages(options.clock, (fleet) => this.#tell(fleet))
  }

  /** What fleets need now, by their key; undefined: nothing any more. The first call says everything. */
  set(changes: ReadonlyMap<string, GatewayInfra | undefined>): void {
    const gone = new Set([...changes.keys()].flatMap((fleet) => gatewaysOf(this.#infra.get(fleet))))
    for (const [fleet, infra] of changes) {
      if (infra === undefined) this.#infra.delete(fleet)
      else this.#infra.set(fleet, infra)
      if (infra !== undefined) continue
      this.#problems.forget(fleet)
      this.#shortages.say(fleet, undefined, this.#following)
    }
    for (const [fleet, infra] of changes) {
      for (const gateway of gatewaysOf(infra)) {
        gone.delete(gateway)
        this.#fleets.set(gateway, fleet)
      }
    }
    for (const gateway of gone) {
      this.#fleets.delete(gateway)
      if (this.#told.delete(gateway)) this.#options.onAddresses(gateway, undefined)
    }
    for (const fleet of changes.keys()) {
      this.#tell(fleet)
      this.#queue.add(fleet)
    }
    const isFirst = !this.#knowsGateways
    this.#knowsGateways = true
    if (isFirst) this.#sweep()
  }

  /** Looks at every Gateway again: something outside, such as the controller's own authority, has changed. */
  refresh(): void {
    for (const fleet of this.#infra.keys()) this.#queue.add(fleet)
  }

  /** Reads what is in the cluster until the signal aborts. Every replica does. Never rejects. */
  async observe(signal: AbortSignal): Promise<void> {
    const { client, clock, log, namespaces } = this.#options
    this.#following = signal
    const listed = (): void => {
      this.#hasListed = true
      this.#sweep()
      this.refresh()
      for (const fleet of this.#infra.keys()) this.#tell(fleet)
      this.#resolveListed()
    }
    const onState = (resource: string, state: ReflectorState): void => {
      const refusal = refusalIn(state)
      if (refusal !== undefined) this.refusals.set(resource, refusal)
      else if (state.kind === 'watching' || state.kind === 'stopped') this.refusals.delete(resource)
    }
    await watchOwned({ client, clock, log, namespaces, onState, onObject: (name, object) => this.#see(name, object) }, listed, signal)
  }

  /** Changes what differs until the signal aborts; afterwards no request is under way. Only the leader does. Never rejects. */
  async lead(signal: AbortSignal): Promise<void> {
    this.#sweep()
    this.refresh()
    await this.#queue.run((fleet) => this.#provision(fleet, signal), signal)
  }

  /** What was made for Gateways that are gone, perhaps while nobody led. */
  #sweep(): void {
    if (!this.#knowsGateways || !this.#hasListed) return
    for (const fleet of this.#observed.fleets()) if (!this.#infra.has(fleet)) this.#queue.add(fleet)
  }

  #see(name: OwnedName, object: RawObject | undefined): void {
    const fleet = this.#observed.set(name, object)
    if (fleet === undefined) return
    if (kindOf(name) === 'Service' || isWorkload(name)) this.#tell(fleet)
    if (this.#waiting.has(fleet)) this.#queue.add(fleet)
    const isWanted = this.#infra.has(fleet)
    const isAsApplied = object !== undefined && this.#writer.markOf(name) === contentMark(object)
    if (!isWanted && object === undefined) this.#writer.forget(name)
    if (!this.#hasListed) return
    if (!isWanted && this.#knowsGateways && object !== undefined) this.#queue.add(fleet)
    if (isWanted && !isAsApplied) this.#queue.addLater(fleet, this.#repairs.changed(name))
  }

  async #provision(fleet: string, signal: AbortSignal): Promise<void> {
    // Before everything was listed, what exists would look missing; afterwards every Gateway is looked at.
    if (!this.#hasListed) return
    const failures = await this.#bring(fleet, signal)
    const [error] = [failures.ofFleet, ...failures.ofServices.values()].filter((each) => each !== undefined)
    if (error !== undefined && signal.aborted) return
    if (error === undefined) this.#failures.delete(fleet)
    else this.#tryLater(fleet, error)
    if (this.#problems.note(fleet, failures, this.#failures.get(fleet) ?? 0)) this.#tell(fleet)
  }

  async #bring(fleet: string, signal: AbortSignal): Promise<FleetFailures> {
    const infra = this.#infra.get(fleet)
    const ofServices = new Map<OwnedName, unknown>()
    try {
      if (infra === undefined) await this.#remove(fleet, signal)
      else await this.#make(fleet, infra, ofServices, signal)
      return { ofFleet: undefined, ofServices }
    } catch (ofFleet) {
      return { ofFleet, ofServices }
    }
  }

  /** Deletes everything of a fleet that is not wanted any more. */
  async #remove(fleet: string, signal: AbortSignal): Promise<void> {
    if (this.#mayReturn(fleet)) return
    if ((await this.#options.knowsOwners?.()) === false) return this.#queue.addLater(fleet, UNREAD_MS)
    if (this.#infra.has(fleet)) return
    this.#waiting.delete(fleet)
    this.#handedOver.delete(fleet)
    this.#claims.claim(fleet, new Set(), () => undefined)
    await this.#deleteBut(fleet, new Set(), signal)
  }

  /**
   * Makes and changes what a fleet needs, then deletes what that has replaced.
   *
   * @param refused is told why Services are left as they are: of a quota, or an address that nobody else asks for, no other Gateway is to suffer
   */
  async #make(fleet: string, infra: GatewayInfra, refused: Map<OwnedName, unknown>, signal: AbortSignal): Promise<void> {
    const { controllerNamespace, uidOf, xds, drainKeyOf, bindAddresses: addresses = ['0.0.0.0'] } = this.#options
    const ownerUid = uidOf(infra.owner)
    if (infra.problem !== undefined || infra.ports.length === 0 || ownerUid === undefined) return
    const settings = readProxySettings(infra.config, this.#options.envoyImage)
    const group = fleetGroup(fleet)
    const options = { ownerUid, group, controllerNamespace, settings, addresses, xds: xds(), drainKey: drainKeyOf(group) }
    const manifests = manifestsOf(infra, options).map((made) => markedAs(made, this.#options.controllerName))
    const wanted = new Set([...this.#kept(infra), ...manifests.map(nameOf)])
    const taken = this.#claims.claim(fleet, wanted, (name) => this.#observed.makerOf(name))
    if (taken !== undefined) throw new ForeignObjectError(taken)
    // An address can be had once.
    if (asksForAddresses(infra)) await this.#deleteBut(fleet, wanted, signal, (name) => kindOf(name) === 'Service')
    await this.#handReplicasOver(fleet, manifests, signal)
    for (const manifest of manifests) {
      try {
        await this.#apply(fleet, manifest, ownerUid, signal)
      } catch (error) {
        if (manifest.kind !== 'Service' || fleetProblem(error) === undefined) throw error
        refused.set(nameOf(manifest), error)
      }
    }
    await this.#replace(fleet, wanted, infra, settings.podSpec.hostNetwork !== true, signal)
    // The Envoys run without the changes: better than none.
    const { problem } = bootstrapOf(infra, options)
    if (problem !== undefined) throw new BootstrapProblem(`The GatewayConfig cannot change the bootstrap: ${problem}.`)
  }

  async #apply(fleet: string, manifest: Manifest, ownerUid: string, signal: AbortSignal): Promise<void> {
    const name = nameOf(manifest)
    const before = this.#observed.get(name)
    const applied = await this.#writer.apply(name, manifest, ownerUid, before, signal)
    if (applied === undefined) return
    if (applied.metadata.resourceVersion === before?.metadata.resourceVersion) this.#repairs.wasNone(name)
    // The watch may have told of a later change while the answer was under way.
    if (isNewer(this.#observed.get(name), applied)) return
    this.#observed.set(name, applied)
    if (manifest.kind === 'Service' || isWorkload(name)) this.#tell(fleet)
  }

  /** Whoever scales a Deployment of which we do not name the number any more starts from the replicas that there are. */
  async #handReplicasOver(fleet: string, manifests: readonly Manifest[], signal: AbortSignal): Promise<void> {
    const deployment = manifests.find(({ kind }) => kind === 'Deployment')
    if (deployment === undefined || fieldAt(deployment, 'spec', 'replicas') !== undefined) {
      this.#handedOver.delete(fleet)
      return
    }
    const observed = this.#observed.get(nameOf(deployment))
    // What the number would fall back to needs no keeping.
    const isKept = this.#handedOver.has(fleet) || observed === undefined || fieldAt(observed, 'spec', 'replicas') === 1
    if (!isKept) await this.#writer.keepReplicas(observed, signal)
    this.#handedOver.add(fleet)
  }

  /** While a class has a problem, nobody knows whether its Gateways share a fleet: after a restart one that is there must stay. */
  #mayReturn(fleet: string): boolean {
    return [...this.#infra.values()].some(({ gatewayClass, problem }) => problem !== undefined && classScope(gatewayClass) === fleet)
  }

  /** Services that cannot be made as they are asked for stay what they are. */
  #kept(infra: GatewayInfra): Set<OwnedName> {
    const place = fleetPlace(infra, this.#options.controllerNamespace)
    const troubled = infra.services.filter(({ problem }) => problem !== undefined)
    return new Set(troubled.map((service) => ownedName('Service', place.namespace, serviceName(place, service))))
  }

  /**
   * Deletes what has been replaced: Envoys and their account when those that take their place are available, and a Service when the other one
   * has an address.
   *
   * @param overlap false where both cannot be there at once
   */
  async #replace(fleet: string, wanted: ReadonlySet<OwnedName>, infra: GatewayInfra, overlap: boolean, signal: AbortSignal): Promise<void> {
    const names = [...wanted]
    const isRunning = names.filter(isWorkload).every((name) => isRolledOut(this.#observed.get(name)))
    const [service, ...others] = infra.services
    const place = fleetPlace(infra, this.#options.controllerNamespace)
    const observed = service && this.#observed.get(ownedName('Service', place.namespace, serviceName(place, service)))
    const isReachable = others.length > 0 || service?.of !== undefined || readAddresses(observed, []).problem === undefined
    const mayGo = (name: OwnedName): boolean => {
      if (!overlap) return true
      if (isWorkload(name) || kindOf(name) === 'ServiceAccount') return isRunning
      return kindOf(name) !== 'Service' || isReachable || asksForAddresses(infra)
    }
    this.#waiting.delete(fleet)
    await this.#deleteBut(fleet, wanted, signal, mayGo)
    if (this.#observed.of(fleet).some((name) => !wanted.has(name) && !mayGo(name))) this.#waiting.add(fleet)
  }

  async #deleteBut(
    fleet: string,
    wanted: ReadonlySet<OwnedName>,
    signal: AbortSignal,
    mayGo: (name: OwnedName) => boolean = () => true,
  ): Promise<void> {
    for (const name of this.#observed.of(fleet)) {
      const object = this.#observed.get(name)
      if (wanted.has(name) || !mayGo(name) || object === undefined || object.metadata.deletionTimestamp !== undefined) continue
      await this.#writer.remove(name, object, signal)
    }
  }

  #tryLater(fleet: string, error: unknown): void {
    const { clock, log } = this.#options
    const failures = (this.#failures.get(fleet) ?? 0) + 1
    this.#failures.set(fleet, failures)
    const waitMs = backoffMs(API_BACKOFF, failures, clock)
    log.warn({ err: error, gateway: fleet, waitMs }, 'the Envoys of a Gateway could not be provisioned; trying again')
    this.#queue.addLater(fleet, waitMs)
  }

  /** What its workloads tell. One pod of an earlier one is enough: it serves until what takes its place does. */
  #proxies(fleet: string, infra: GatewayInfra): Pick<GatewayAddresses, 'absence' | 'shortage'> {
    const workloads = this.#observed
      .of(fleet)
      .filter(isWorkload)
      .map((name) => this.#observed.get(name))
    const reasons = workloads.map((workload) => absentProxies(workload, podSelector(infra)))
    const absence = reasons.includes(undefined) ? undefined : reasons[0]
    const missing = workloads.map((workload) => missingProxies(workload, podSelector(infra))).find((each) => each !== undefined)
    const shortage = this.#shortages.say(fleet, missing, this.#following)
    return { ...(absence && { absence }), ...(shortage && { shortage }) }
  }

  /** An object that stays: one of an earlier owner of the same name, or one that is being deleted, takes its addresses along. */
  #staying(name: OwnedName, infra: GatewayInfra): RawObject | undefined {
    const object = this.#observed.get(name)
    const uid = this.#options.uidOf(infra.owner)
    const goes = object?.metadata.deletionTimestamp !== undefined || (uid !== undefined && object !== undefined && isOfAnother(object, uid))
    return goes ? undefined : object
  }

  /** Tells the addresses of the Gateways of a fleet where they have changed. */
  #tell(fleet: string): void {
    const infra = this.#infra.get(fleet)
    if (infra === undefined || !this.#hasListed) return
    const place = fleetPlace(infra, this.#options.controllerNamespace)
    const proxies = this.#proxies(fleet, infra)
    for (const service of infra.services) {
      const name = ownedName('Service', place.namespace, serviceName(place, service))
      const observed = this.#staying(name, infra)
      const problem = this.#problems.of(fleet, name)
      const cluster = asksOnlyForClusterAddresses(wantedAddresses(service))
      for (const { key, addresses: requested } of service.gateways) {
        const addresses = readAddresses(observed, requested, cluster)
        const now = { ...addresses, ...(problem && { problem }), ...proxies }
        if (this.#fleets.get(key) !== fleet || deepEqual(this.#told.get(key), now)) continue
        this.#told.set(key, now)
        this.#options.onAddresses(key, now)
      }
    }
  }
}

function markedAs(manifest: Manifest, controllerName: string): Manifest {
  const annotations = { ...manifest.metadata.annotations, [CONTROLLER_ANNOTATION]: controllerName }
  return { ...manifest, metadata: { ...manifest.metadata, annotations } }
}

function nameOf({ kind, metadata: { namespace, name } }: Manifest): OwnedName {
  return ownedName(kind, namespace, name)
}

function isWorkload(name: OwnedName): boolean {
  return kindOf(name) === 'Deployment' || kindOf(name) === 'DaemonSet'
}

function asksForAddresses({ services }: GatewayInfra): boolean {
  return services.some((service) => wantedAddresses(service).some(({ value }) => value !== undefined))
}

function gatewaysOf(infra: GatewayInfra | undefined): readonly string[] {
  return (infra?.services ?? []).flatMap(({ gateways }) => gateways.map(({ key }) => key))
}

function isNewer(a: RawObject | undefined, b: RawObject): boolean {
  return Number(a?.metadata.resourceVersion ?? 0) > Number(b.metadata.resourceVersion ?? 0)
}
