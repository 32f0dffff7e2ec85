/** Who may let an Envoy drain: whoever knows its key, which is the kubelet alone. */
import { createHmac } from 'node:crypto'

const LENGTH = 32

/**
 * The key of a fleet: 128 bits in hexadecimal digits. It stays the same as long as the secret does, since pods are replaced when it changes.
 *
 * @param secret known to the controller, and to nobody who may only write routes
 */
export function drainKey(secret: string, group: string): string {
  return createHmac('sha256', secret).update(`drain ${group}`).digest('hex').slice(0, LENGTH)
}
