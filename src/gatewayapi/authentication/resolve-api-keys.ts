/** The keys of clients, from the Secrets that a policy names. */
import type { APIKeyAuth, APIKeyExtractor, Secret } from '../../gen/kinds.js'
import type { ApiKeyAuth } from '../../ir/authentication.js'
import { Sensitive } from '../../ir/sensitive.js'
import { compareText } from '../../util/compare-text.js'
import { decode } from '../materials/certificates.js'
import type { AuthenticationWorld } from './authentication-world.js'
import { allFound, type Found, found, missing } from './found.js'
import { referredSecret } from './referred-secret.js'

const FIELD = 'apiKeyAuth.credentialRefs'

/** The keys. A Secret without any, an empty key and one that two clients have cannot be used: messages name clients and never keys. */
export function resolveApiKeys(world: AuthenticationWorld, spec: APIKeyAuth): Found<ApiKeyAuth> {
  const secrets = allFound(spec.credentialRefs.map((ref) => referredSecret(world, FIELD, ref)))
  if (!secrets.ok) return secrets
  const credentials = secrets.value.flatMap(credentialsOf).sort((a, b) => compareText(a.client, b.client))
  const problem = problemOf(credentials)
  if (problem !== undefined) return missing('UnsupportedValue', `${FIELD}: ${problem}.`)
  return found({
    credentials: credentials.map(({ client, key }) => ({ client, key: new Sensitive(key) })),
    places: spec.extractFrom.flatMap(placesOf),
    clientHeader: spec.forwardClientIDHeader?.toLowerCase(),
    hides: spec.sanitize,
  })
}

interface Credential {
  readonly client: string
  readonly key: string
}

/** Files end with a line break, headers cannot have one. */
function credentialsOf(secret: Secret): readonly Credential[] {
  return Object.keys(secret.data ?? {}).map((client) => ({ client, key: (decode(secret, client) ?? '').replace(/[\r\n]+$/, '') }))
}

function problemOf(credentials: readonly Credential[]): string | undefined {
  if (credentials.length === 0) return 'there is no client in the Secrets'
  const unusable = credentials.find(({ key }) => !/^[!-~]+$/.test(key))
  if (unusable !== undefined) return `the key of the client "${unusable.client}" is empty or has other characters than visible ASCII`
  const owners = new Map<string, string>()
  const clients = new Set<string>()
  for (const { client, key } of credentials) {
    if (clients.has(client)) return `two Secrets have a client "${client}"`
    clients.add(client)
    const owner = owners.get(key)
    if (owner !== undefined) return `the clients "${owner}" and "${client}" have the same key`
    owners.set(key, client)
  }
  return undefined
}

function placesOf({ headers, params, cookies }: APIKeyExtractor): ApiKeyAuth['places'] {
  return [
    ...(headers ?? []).map((name) => ({ kind: 'header' as const, name: name.toLowerCase() })),
    ...(params ?? []).map((name) => ({ kind: 'query' as const, name })),
    ...(cookies ?? []).map((name) => ({ kind: 'cookie' as const, name })),
  ]
}
