/**
 * Which kinds a cluster serves, as far as its answers can be believed. A kind that is gone takes all its objects along, so an answer that leaves
 * one out needs a CRD that went, or many more that say the same.
 */
import type { RawObject } from '../../k8s/kube-json.js'
import type { KindDefinition } from '../../schema/kind.js'
import { compareText } from '../../util/compare-text.js'
import { type ObjectKey, objectKey } from '../../util/object-ref.js'
import { type CustomResource, toCustomResource } from './custom-resources.js'
import type { ServedVersions } from './discovery.js'

/** A kind is gone when so many answers in a row left it out, unless its CRD went: a server that has just started leaves some out. */
const ABSENCES_BEFORE_GONE = 20

/** Puts together what discovery answers and which CRDs come and go. */
export class ServedKinds {
  readonly #kinds: readonly KindDefinition[]
  readonly #groups: ReadonlySet<string>
  #versions: ServedVersions = new Map()
  readonly #customResources = new Map<ObjectKey, CustomResource>()
  readonly #deletedResources = new Set<ObjectKey>()
  /** By Kind: how many answers in a row have left it out since it was served. */
  readonly #absences = new Map<string, number>()

  /** @param kinds those that are read where they are served */
  constructor(kinds: readonly KindDefinition[]) {
    this.#kinds = kinds
    this.#groups = new Set(kinds.map(({ group }) => group))
  }

  /** The version of each kind that is read. */
  get versions(): ServedVersions {
    return this.#versions
  }

  /** The CRDs of the groups of these kinds, by name. */
  get customResources(): readonly CustomResource[] {
    return [...this.#customResources.values()].sort((a, b) => compareText(a.name, b.name))
  }

  /** True while answers leave out what was served. */
  get isDoubted(): boolean {
    return this.#absences.size > 0
  }

  /** True if the server serves what its CRDs say, as far as they were seen to come and go. */
  get isSettled(): boolean {
    return this.#kinds.every((definition) => {
      const key = resourceKey(definition)
      const isServed = this.#versions.has(definition.kind)
      return this.#customResources.has(key) ? isServed : !(isServed && this.#deletedResources.has(key))
    })
  }

  /** Takes an answer of discovery. Returns the kinds that came, went or have another version now. */
  answered(answer: ServedVersions): readonly KindDefinition[] {
    const before = this.#versions
    this.#versions = this.#believed(answer)
    return this.#kinds.filter(({ kind }) => this.#versions.get(kind) !== before.get(kind))
  }

  /** Takes what a watch of all CRDs tells. Returns true if one of them is of our groups. */
  defined(changed: readonly RawObject[], removed: readonly ObjectKey[]): boolean {
    const ours = changed.map((object) => [objectKey('', object.metadata.name), object] as const).filter(([key]) => this.#concerns(key))
    for (const [key, object] of ours) {
      this.#customResources.set(key, toCustomResource(object))
      this.#deletedResources.delete(key)
    }
    for (const key of removed) if (this.#customResources.delete(key)) this.#deletedResources.add(key)
    return ours.length > 0 || removed.some((key) => this.#concerns(key))
  }

  /** What an answer says, with kinds that it is alone in leaving out: their objects would all be taken for deleted. */
  #believed(answer: ServedVersions): ServedVersions {
    const kept = [...this.#versions].filter(([kind]) => !answer.has(kind) && !this.#isDeleted(kind))
    const absences = kept.map(([kind]) => [kind, (this.#absences.get(kind) ?? 0) + 1] as const)
    this.#absences.clear()
    for (const [kind, count] of absences) if (count < ABSENCES_BEFORE_GONE) this.#absences.set(kind, count)
    return new Map([...answer, ...kept.filter(([kind]) => this.#absences.has(kind))])
  }

  /** True if the CRD of a kind was seen to go. */
  #isDeleted(name: string): boolean {
    return this.#kinds.some((definition) => definition.kind === name && this.#deletedResources.has(resourceKey(definition)))
  }

  /** True for a CRD, `<plural>.<group>`, of a group that is read. */
  #concerns(key: ObjectKey): boolean {
    return this.#groups.has(key.slice(key.indexOf('.') + 1))
  }
}

function resourceKey({ plural, group }: KindDefinition): ObjectKey {
  return objectKey('', `${plural}.${group}`)
}
