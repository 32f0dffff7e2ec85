/** The bytes of a response in the variant of the protocol that a stream speaks. */
import { createHash } from 'node:crypto'
import type { EncodedResource } from '../resource.js'
import { FULL_STATE } from './push-order.js'
import type { Protocol } from './requests.js'
import type { Outgoing, Session } from './session.js'
import { deltaResponse, type ResourceEncoder, sotwResponse } from './wire.js'

/**
 * Encodes what a session sends next.
 *
 * @param session whose response it is: a state-of-the-world response of some types holds everything that the client shall have
 */
export function encodeResponse(outgoing: Outgoing, session: Session, protocol: Protocol, encoder: ResourceEncoder): Buffer {
  const { typeUrl, nonce, revision, removed } = outgoing
  if (protocol === 'delta') {
    const parts = outgoing.resources.flatMap((resource) => encoder.parts(resource))
    return deltaResponse(typeUrl, nonce, revision, parts, removed)
  }
  const resources = FULL_STATE.has(typeUrl) ? session.effective(typeUrl) : outgoing.resources
  const parts = resources.flatMap((resource) => encoder.parts(resource))
  return sotwResponse(typeUrl, nonce, versionOf(resources), parts)
}

/** The version of a whole response: the same content has the same version on every replica. */
function versionOf(resources: readonly EncodedResource[]): string {
  const hash = createHash('sha256')
  for (const entry of resources.map(({ name, version }) => `${name} ${version}\n`).sort()) hash.update(entry)
  return hash.digest('hex').slice(0, 16)
}
