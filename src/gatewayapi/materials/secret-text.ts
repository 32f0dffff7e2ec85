/** Secret texts that are sent as they are, such as a credential. */
import type { Secret } from '../../gen/kinds.js'
import { Sensitive } from '../../ir/sensitive.js'
import type { TextMaterial } from '../../ir/tls.js'
import { objectVersion } from '../../util/object-ref.js'
import { decode } from './certificates.js'
import type { Read } from './pem.js'

/** The text under a key of a Secret, without white space around it: editors leave a line end. It must fit into a header. */
export function readText(secret: Secret, key: string): Read<TextMaterial> {
  const text = decode(secret, key)?.trim()
  if (text === undefined) return { ok: false, message: `has no data "${key}"` }
  if (text === '') return { ok: false, message: `has nothing in "${key}"` }
  // RFC 9110 §5.5: no line ends and no other control characters.
  if (/[^\t\x20-\x7e\x80-\u{10ffff}]/u.test(text)) return { ok: false, message: `has line ends or other control characters in "${key}"` }
  const { namespace, name } = secret.metadata
  return {
    ok: true,
    value: { kind: 'text', name: `Secret/${namespace}/${name}/${key}`, text: new Sensitive(text), origins: [objectVersion(secret)] },
  }
}
