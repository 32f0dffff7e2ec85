/** The GatewayClass that Gateways of a folder may name without a file that declares it: in a cluster the chart makes it. */
import { type ObjectRef, objectKey } from '../../util/object-ref.js'
import type { Change, KubeObject } from '../provider.js'
import { impliedMetadata } from './interpret-object.js'

/** The name that the chart gives its class, unless it is told another. */
const NAME = 'headgate'

/** The class as an object. */
export const DEFAULT_CLASS: ObjectRef = { group: 'gateway.networking.k8s.io', kind: 'GatewayClass', namespace: '', name: NAME }

const KEY = objectKey('', NAME)

/** Knows whether the class is there without a file. */
export class DefaultClass {
  readonly #object: KubeObject & { readonly spec: { readonly controllerName: string } }
  /** The Gateways that name it, by key. */
  readonly #gateways = new Set<string>()
  #isPresent = false

  /** @param controllerName whose class it is */
  constructor(controllerName: string) {
    this.#object = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { ...impliedMetadata(DEFAULT_CLASS), generation: 1 },
      spec: { controllerName },
    }
  }

  /**
   * Takes changes of objects over and returns them with those of the class that follow.
   *
   * @param isDeclared whether a file has the class: `good` as far as it can be used, `refused` as far as not
   */
  apply(changes: readonly Change[], isDeclared: 'good' | 'refused' | undefined): readonly Change[] {
    for (const { kind, key, object } of changes) if (kind === 'Gateway') this.#count(key, object)
    // One that is refused does not take away what is in use, and what it says is not known either.
    const isWanted = this.#gateways.size > 0 && (isDeclared === undefined || (isDeclared === 'refused' && this.#isPresent))
    const others = changes.filter(({ kind, key }) => !(kind === 'GatewayClass' && key === KEY))
    if (isWanted) {
      if (this.#isPresent) return changes
      this.#isPresent = true
      return [{ kind: 'GatewayClass', key: KEY, object: this.#object }, ...others]
    }
    if (!this.#isPresent) return changes
    this.#isPresent = false
    return isDeclared === 'good' ? changes : [{ kind: 'GatewayClass', key: KEY, object: undefined }, ...others]
  }

  #count(key: string, object: KubeObject | undefined): void {
    const spec: unknown = object !== undefined && 'spec' in object ? object.spec : undefined
    const isNamed = typeof spec === 'object' && spec !== null && 'gatewayClassName' in spec && spec.gatewayClassName === NAME
    if (isNamed) this.#gateways.add(key)
    else this.#gateways.delete(key)
  }
}
