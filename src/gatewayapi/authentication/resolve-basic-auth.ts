/** Names and hashes of passwords, from the Secret that a policy names. */
import type { BasicAuth as Spec } from '../../gen/kinds.js'
import type { BasicAuth } from '../../ir/authentication.js'
import { Sensitive } from '../../ir/sensitive.js'
import { decode } from '../materials/certificates.js'
import type { AuthenticationWorld } from './authentication-world.js'
import { type Found, found, missing } from './found.js'
import { referredSecret } from './referred-secret.js'

const FIELD = 'basicAuth.users'
const KEY = '.htpasswd'

/** SHA-1 in base64, which is all that Envoy knows. */
const LINE = /^([^:\s]+):\{SHA\}[A-Za-z0-9+/]{27}=$/

/** The users. */
export function resolveBasicAuth(world: AuthenticationWorld, { users, forwardUsernameHeader }: Spec): Found<BasicAuth> {
  const secret = referredSecret(world, FIELD, users)
  if (!secret.ok) return secret
  const text = decode(secret.value, KEY)
  if (text === undefined) return missing('RefNotFound', `${FIELD}: the Secret "${users.name}" has no key "${KEY}".`)
  const lines = text.split(/\r?\n/)
  const problem = htpasswdProblem(lines)
  if (problem !== undefined) return missing('UnsupportedValue', `${FIELD}: "${KEY}" of the Secret "${users.name}" ${problem}.`)
  return found({
    users: new Sensitive(lines.filter(isUser).join('\n')),
    nameHeader: forwardUsernameHeader?.toLowerCase(),
  })
}

/** Why the lines of a file cannot be used, in words that go on after its name. They name lines, never what stands there. */
export function htpasswdProblem(lines: readonly string[]): string | undefined {
  if (!lines.some(isUser)) return 'has no user'
  const names = new Set<string>()
  for (const [at, line] of lines.entries()) {
    if (!isUser(line)) continue
    const name = LINE.exec(line)?.[1]
    if (name === undefined) return `has a line ${at + 1} that is not NAME:{SHA}HASH: write it with "htpasswd -s"`
    if (names.has(name)) return `has the user of line ${at + 1} twice`
    names.add(name)
  }
  return undefined
}

function isUser(line: string): boolean {
  return line.trim() !== '' && !line.startsWith('#')
}
