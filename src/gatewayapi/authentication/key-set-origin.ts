/** Key sets of ConfigMaps and Secrets as origins of what is made of them: nobody counts their generations, and a policy stays the same while they change. */
import { createHash } from 'node:crypto'
import type { ObjectVersion } from '../../util/object-ref.js'
import type { AuthenticationWorld } from './authentication-world.js'

/** The kind by which they stand there. No object of Kubernetes is called so. */
const KIND = 'KeySet'

const DIGITS = 16

/**
 * A key set as an origin to which a rejection is traced. Other keys are another origin. The same are the same wherever they stand, for what
 * proxies have refused is not sent to them again.
 *
 * @param provider that it is of, with its policy: `<namespace>/<policy>/<provider>`
 */
export function keySetOrigin(provider: string, text: string): ObjectVersion {
  const name = `${provider}#${createHash('sha256').update(text).digest('hex').slice(0, DIGITS)}`
  return { group: 'headgate.dev', kind: KIND, namespace: '', name, generation: 1 }
}

/** Why proxies refused a key set, in their words; undefined where they did not. */
export function refusalOfKeySet(
  { view, inputs }: Pick<AuthenticationWorld, 'view' | 'inputs'>,
  { name }: ObjectVersion,
): string | undefined {
  return view.get(inputs.quarantines, `${KIND}//${name}`)?.message
}
