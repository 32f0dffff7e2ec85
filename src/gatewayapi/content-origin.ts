/**
 * Content that somebody else than a policy has, as an origin to which a rejection is traced: nobody counts its generations, and a policy stays
 * the same while it changes.
 */
import { createHash } from 'node:crypto'
import type { View } from '../incremental/index.js'
import type { ObjectVersion } from '../util/object-ref.js'
import type { Inputs } from './inputs.js'

/** The kinds by which it stands there. No object of Kubernetes is called so. */
export type ContentKind = 'FetchedModule' | 'KeySet'

const DIGITS = 16

/**
 * Other content is another origin. The same is the same wherever it stands, for what proxies have refused is not sent to them again.
 *
 * @param use who uses it: the same content may be refused for one and not for another
 */
export function contentOrigin(kind: ContentKind, use: string, content: string): ObjectVersion {
  const name = `${use}#${createHash('sha256').update(content).digest('hex').slice(0, DIGITS)}`
  return { group: 'headgate.dev', kind, namespace: '', name, generation: 1 }
}

/** Why proxies refused it, in their words; undefined where they did not. */
export function refusalOfContent(
  view: View,
  { quarantines }: Pick<Inputs, 'quarantines'>,
  { kind, name }: ObjectVersion,
): string | undefined {
  return view.get(quarantines, `${kind}//${name}`)?.message
}
