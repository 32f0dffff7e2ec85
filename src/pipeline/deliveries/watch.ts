/** Which revisions an object's configuration is part of: what the ledger needs to say whether it is delivered. */
import type { OurGateway } from '../../gatewayapi/gateways/gateways.js'
import type { Attachment, EffectiveListener } from '../../gatewayapi/model.js'
import type { PolicyUse } from '../../gatewayapi/policies/policy-uses.js'
import type { GatewayTelemetry } from '../../gatewayapi/telemetry/resolve-telemetry.js'
import type { Collection, Source } from '../../incremental/index.js'
import type { Placement } from '../../ir/placement.js'
import { type ObjectVersion, objectKey } from '../../util/object-ref.js'
import type { DeliveryLedger } from './ledger.js'

/** The name of an object in facts about its delivery: `<Kind>/<namespace>/<name>`. */
export function deliveryKey({ kind, namespace, name }: Pick<ObjectVersion, 'kind' | 'namespace' | 'name'>): string {
  return `${kind}/${namespace}/${name}`
}

/** What the watch looks at. */
export interface WatchedCollections {
  readonly gateways: Collection<OurGateway>
  readonly listeners: Collection<EffectiveListener>
  readonly attachments: Collection<Attachment>
  readonly policyUses: Collection<PolicyUse>
  readonly placements: Source<Placement>
  readonly telemetry: Collection<GatewayTelemetry>
}

/** Notes objects in the ledger after their configuration has got a revision. */
export class DeliveryWatch {
  readonly #ledger: DeliveryLedger
  readonly #collections: WatchedCollections
  readonly #revisionOf: (group: string) => number

  /** @param revisionOf the present revision of a group */
  constructor(ledger: DeliveryLedger, collections: WatchedCollections, revisionOf: (group: string) => number) {
    this.#ledger = ledger
    this.#collections = collections
    this.#revisionOf = revisionOf
  }

  /** A gateway is new, has changed or is gone. Returns the object concerned. */
  gateway(key: string): string {
    const gateway = this.#collections.gateways.get(key)
    if (gateway === undefined) this.#ledger.forget(`Gateway/${key}`)
    else this.#note(gateway.object, [key])
    return `Gateway/${key}`
  }

  /** A route was attached anew, has changed or is gone. */
  route(key: string): string {
    const attachment = this.#collections.attachments.get(key)
    if (attachment === undefined) this.#ledger.forget(key)
    else this.#note(attachment.route, new Set(attachment.parents.map(({ gateway }) => gateway)))
    return key
  }

  /** A policy or filter is in use elsewhere than before, has changed, or is in use no longer. Returns the object concerned. */
  policy(key: string): string {
    const use = this.#collections.policyUses.get(key)
    if (use === undefined) this.#ledger.forget(key)
    else this.#note(use.object, use.gateways)
    return key
  }

  /** A listener is new, has changed or is gone. Returns its ListenerSet if that is what declares it. */
  listener(key: string): string | undefined {
    const listener = this.#collections.listeners.get(key)
    const [kind, namespace, name] = key.split('/')
    if (kind !== 'ListenerSet') return undefined
    if (listener === undefined) this.#ledger.forget(`${kind}/${namespace}/${name}`)
    else this.#note(listener.parent, [objectKey(listener.gateway.namespace, listener.gateway.name)])
    return `${kind}/${namespace}/${name}`
  }

  /**
   * What proxies tell about requests has changed on these gateways. Returns the objects that it comes from. They are never forgotten: while
   * proxies refuse one, nothing comes from it.
   */
  telemetry(keys: Iterable<string>): readonly string[] {
    const { telemetry } = this.#collections
    const changed = new Set([...keys].flatMap((key) => (telemetry.get(key)?.telemetry.origins ?? []).map(deliveryKey)))
    return changed.size === 0 ? [] : this.#noteTold(changed)
  }

  /** Notes objects that telemetry comes from, with every gateway that they speak for. */
  #noteTold(objects: ReadonlySet<string>): readonly string[] {
    const told = new Map<string, { readonly object: ObjectVersion; readonly gateways: string[] }>()
    for (const [gateway, { telemetry }] of this.#collections.telemetry.entries()) {
      for (const object of telemetry.origins) {
        const word = deliveryKey(object)
        if (!objects.has(word)) continue
        const found = told.get(word)
        if (found === undefined) told.set(word, { object, gateways: [gateway] })
        else found.gateways.push(gateway)
      }
    }
    for (const { object, gateways } of told.values()) this.#note(object, gateways)
    return [...told.keys()]
  }

  #againListenerSet(object: string): void {
    for (const [key] of this.#collections.listeners.entries()) if (key.startsWith(`${object}/`)) this.listener(key)
  }

  /** An object that is noted already starts anew with the present revision. */
  again(object: string): void {
    if (object.startsWith('Gateway/')) this.gateway(object.slice('Gateway/'.length))
    else if (object.startsWith('ListenerSet/')) this.#againListenerSet(object)
    else if (object.startsWith('GatewayConfig/') || object.startsWith('XTelemetryPolicy/')) this.#noteTold(new Set([object]))
    else if (this.#collections.policyUses.get(object) !== undefined) this.policy(object)
    else this.route(object)
  }

  #note(object: ObjectVersion, gateways: Iterable<string>): void {
    const groups = [...gateways].flatMap((gateway) => this.#collections.placements.get(gateway)?.group ?? [])
    this.#ledger.note(deliveryKey(object), object.generation, new Map(groups.map((group) => [group, this.#revisionOf(group)])))
  }
}
