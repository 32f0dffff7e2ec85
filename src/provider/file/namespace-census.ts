/** Namespaces exist when a file declares them or an object is in them, as in a cluster everything is in a namespace that exists. */
import { objectKey } from '../../util/object-ref.js'
import type { Change, KubeObject } from '../provider.js'
import { implicitNamespace } from './interpret-object.js'

/** Counts the objects of each namespace. */
export class NamespaceCensus {
  readonly #members = new Map<string, number>()
  readonly #declared = new Map<string, KubeObject>()
  readonly #implicit = new Map<string, KubeObject>()
  readonly #present = new Map<string, KubeObject>()
  /** The objects that are counted, by kind and key. */
  readonly #counted = new Set<string>()

  /** Takes changes of objects over and returns the changes of Namespaces that follow. */
  apply(changes: readonly Change[]): readonly Change[] {
    const touched = new Set<string>()
    for (const change of changes) touched.add(change.kind === 'Namespace' ? this.#declare(change) : this.#count(change))
    return [...touched].filter((name) => name !== '').flatMap((name) => this.#update(name))
  }

  #declare({ key, object }: Change): string {
    const name = key.slice(1)
    if (object === undefined) this.#declared.delete(name)
    else this.#declared.set(name, object)
    return name
  }

  #count({ kind, key, object }: Change): string {
    const namespace = key.slice(0, key.indexOf('/'))
    const id = `${kind}/${key}`
    if (namespace === '' || this.#counted.has(id) === (object !== undefined)) return ''
    if (object === undefined) this.#counted.delete(id)
    else this.#counted.add(id)
    this.#members.set(namespace, (this.#members.get(namespace) ?? 0) + (object === undefined ? -1 : 1))
    return namespace
  }

  #update(name: string): readonly Change[] {
    const before = this.#present.get(name)
    const object = this.#declared.get(name) ?? ((this.#members.get(name) ?? 0) > 0 ? this.#implicitFor(name) : undefined)
    if (object === before) return []
    if (object === undefined) this.#present.delete(name)
    else this.#present.set(name, object)
    return [{ kind: 'Namespace', key: objectKey('', name), object }]
  }

  /** One and the same object as long as the namespace is known, so that nothing seems to change. */
  #implicitFor(name: string): KubeObject {
    const known = this.#implicit.get(name) ?? implicitNamespace(name)
    this.#implicit.set(name, known)
    return known
  }
}
