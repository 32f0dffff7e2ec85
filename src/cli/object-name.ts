/** Objects as people name them on a command line. */
import { InvalidArgumentError } from 'commander'
import type { ObjectRef } from '../util/object-ref.js'

/** `httproute`, `httproute/www` or `httproute/shop/www`, in any case, also plural and with its group, as kubectl prints it. */
export interface ObjectName {
  /** Lower case, singular. */
  readonly kind: string
  readonly namespace?: string
  readonly name?: string
}

/** The short names that kubectl knows. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  gc: 'gatewayclass',
  gtw: 'gateway',
  lset: 'listenerset',
  btlspolicy: 'backendtlspolicy',
}

/** Reads a name. Throws commander's error for anything else. */
export function readObjectName(text: string): ObjectName {
  const parts = text.split('/')
  if (parts.length > 3 || parts.some((part) => !/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(part))) {
    throw new InvalidArgumentError('Write KIND, KIND/NAME or KIND/NAMESPACE/NAME, such as httproute/www.')
  }
  const [kind = '', second, third] = parts
  const name = third ?? second
  return {
    kind: singular(kind.toLowerCase().split('.', 1)[0] ?? ''),
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

function singular(kind: string): string {
  const known = SHORT_NAMES[kind]
  if (known !== undefined) return known
  if (kind.endsWith('policies')) return `${kind.slice(0, -3)}y`
  if (kind.endsWith('classes')) return kind.slice(0, -2)
  return kind.endsWith('s') && !kind.endsWith('class') ? kind.slice(0, -1) : kind
}
