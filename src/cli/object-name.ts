/** Objects as people name them on a command line. */
import { InvalidArgumentError } from 'commander'
import { KINDS } from '../kinds/index.js'
import type { KindDefinition } from '../schema/kind.js'
import { nearWord } from '../util/near-word.js'
import { describeObject, type ObjectRef } from '../util/object-ref.js'

/** `httproute`, `httproute/www` or `httproute/shop/www`, in any case, also plural, short and with its group, as kubectl takes it. */
export interface ObjectName {
  /** Lower case, singular. */
  readonly kind: string
  readonly namespace?: string
  readonly name?: string
}

/** Reads a name. Throws commander's error for anything else, and for kinds that Headgate does not read: nothing would be found, as if all were well. */
export function readObjectName(text: string): ObjectName {
  const parts = text.split('/')
  if (parts.length > 3 || parts.some((part) => !/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(part))) {
    throw new InvalidArgumentError('Write KIND, KIND/NAME or KIND/NAMESPACE/NAME, such as httproute/www.')
  }
  const [kind = '', second, third] = parts
  const name = third ?? second
  return {
    kind: knownKind(kind),
    ...(third === undefined || second === undefined ? {} : { namespace: second }),
    ...(name === undefined ? {} : { name }),
  }
}

/** Whether an object is meant. */
export function matchesObject({ kind, namespace, name }: ObjectName, object: ObjectRef): boolean {
  return (
    object.kind.toLowerCase() === kind &&
    (namespace === undefined || object.namespace === namespace) &&
    (name === undefined || object.name === name)
  )
}

/** `Kind/namespace/name` of the object that is likely meant where there is none: of this name elsewhere, or with a name that is nearly this one. */
export function nearObject({ kind, namespace, name }: ObjectName, objects: readonly ObjectRef[]): string | undefined {
  if (name === undefined) return undefined
  const ofKind = objects.filter((object) => object.kind.toLowerCase() === kind)
  const here = ofKind.filter((object) => namespace === undefined || object.namespace === namespace)
  const near = nearWord(name, [...new Set(here.map((object) => object.name))])
  const [meant, other] = [...ofKind.filter((object) => object.name === name), ...here.filter((object) => object.name === near)]
  return meant === undefined || other !== undefined ? undefined : describeObject(meant)
}

/** The kind in lower case. */
function knownKind(text: string): string {
  const word = text.toLowerCase().split('.', 1)[0] ?? ''
  const known = KINDS.find((kind) => wordsFor(kind).includes(word))
  if (known !== undefined) return known.kind.toLowerCase()
  const [near, other] = KINDS.filter(({ kind, plural }) => [kind, plural].some((each) => nearWord(word, [each]) !== undefined))
  const kinds = KINDS.map(({ kind }) => kind).join(', ')
  throw new InvalidArgumentError(
    `Headgate reads no kind "${text}"${near === undefined || other !== undefined ? `. Kinds: ${kinds}.` : `: is ${near.kind} meant?`}`,
  )
}

const wordsFor = ({ kind, plural, shortNames = [] }: KindDefinition): readonly string[] => [kind.toLowerCase(), plural, ...shortNames]
