/** Logins for registries, from Secrets of type `kubernetes.io/dockerconfigjson`. */
import type { Secret } from '../../gen/kinds.js'
import { Sensitive } from '../../ir/sensitive.js'
import { decode } from '../materials/certificates.js'
import type { Read } from '../materials/pem.js'
import type { RegistryLogin } from './fetch-request.js'
import type { ImageName } from './image-name.js'

const KEY = '.dockerconfigjson'

/**
 * The login for an image; undefined where the Secret has none for it, and images are pulled without. Of several for its registry that is taken
 * which names most of its path, as nodes do it. Messages hold none of the content.
 */
export function readRegistryLogin(
  secret: Secret,
  { registry, repository }: Pick<ImageName, 'registry' | 'repository'>,
): Read<RegistryLogin | undefined> {
  const text = decode(secret, KEY)
  if (text === undefined) return { ok: false, message: `has no data "${KEY}"` }
  const auths = record(record(parse(text))?.auths)
  if (auths === undefined) return { ok: false, message: `holds no logins for registries in "${KEY}"` }
  const [best] = Object.entries(auths)
    .flatMap(([name, entry]) => {
      const path = pathOf(name)
      const isFor = matches(hostOf(name), registry) && (path === '' || repository === path || repository.startsWith(`${path}/`))
      return isFor ? [{ path, entry }] : []
    })
    .sort((a, b) => b.path.length - a.path.length)
  return best === undefined ? { ok: true, value: undefined } : loginOf(record(best.entry) ?? {})
}

function loginOf({ auth, username, password }: Readonly<Record<string, unknown>>): Read<RegistryLogin> {
  if (typeof username === 'string' && typeof password === 'string' && username !== '') return login(username, password)
  const decoded = typeof auth === 'string' ? Buffer.from(auth, 'base64').toString('utf8') : ''
  const colon = decoded.indexOf(':')
  if (colon < 1) return { ok: false, message: `has neither "auth" nor "username" and "password" for the registry in "${KEY}"` }
  return login(decoded.slice(0, colon), decoded.slice(colon + 1))
}

function login(username: string, password: string): Read<RegistryLogin> {
  return { ok: true, value: { username, password: new Sensitive(password) } }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined
}

/** Tools write hosts, and addresses with a path. */
function hostOf(name: string): string {
  return name.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
}

/** Those of the protocol itself are those of the whole registry. */
function pathOf(name: string): string {
  const path = name
    .replace(/^https?:\/\//, '')
    .replace(/^[^/]*\/?/, '')
    .replace(/\/+$/, '')
  return /^v[12]$/.test(path) ? '' : path
}

function matches(host: string, registry: string): boolean {
  if (host === registry) return true
  // Every name of the same registry is in use in such files.
  const isHub = (name: string): boolean => name === 'docker.io' || name.endsWith('.docker.io')
  return isHub(host) && isHub(registry)
}
