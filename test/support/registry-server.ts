/** A registry of a test. Source: OCI Distribution Specification 1.1, "Pull"; tokens as the distribution project specifies them. */
import { createHash, randomUUID } from 'node:crypto'
import type { PemPair } from './certificates.js'
import { startWebServer, type WebAnswer, type WebServer } from './web-server.js'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'

/** A layer of an image. */
export interface TestLayer {
  readonly mediaType: string
  readonly content: Buffer
}

/** How a registry finds out who asks. */
export type RegistryAuth = { readonly kind: 'token' | 'basic'; readonly username: string; readonly password: string }

/** A running registry. */
export interface TestRegistry extends WebServer {
  /** Puts an image under REPOSITORY:TAG. Returns the digest of its manifest. */
  push(repository: string, tag: string, layers: readonly TestLayer[], config?: string): string
  /** Puts an index of images that were pushed, by their platforms. Returns its digest. */
  pushIndex(repository: string, tag: string, manifests: readonly { readonly digest: string; readonly architecture: string }[]): string
  /** Puts something else under a digest. */
  spoil(digest: string, content: Buffer): void
}

/** Starts a registry. Layers are kept by another server than manifests, which knows nobody, as large registries have it. */
export async function startRegistry({ auth, tls }: { readonly auth?: RegistryAuth; readonly tls?: PemPair } = {}): Promise<TestRegistry> {
  const blobs = new Map<string, Buffer>()
  const manifests = new Map<string, { readonly type: string; readonly body: Buffer }>()
  const tokens = new Set<string>()
  const store = await startWebServer(({ path, headers }) => {
    // A login that comes here went to somebody who must not have it.
    if (headers.authorization !== undefined) return { status: 400 }
    const blob = blobs.get(path.slice(1))
    return blob === undefined ? { status: 404 } : { status: 200, body: blob }
  }, tls)
  const scheme = tls === undefined ? 'http' : 'https'
  const basicOf = ({ username, password }: RegistryAuth): string => `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

  const answer = (path: string, authorization: string | undefined): WebAnswer => {
    if (path.startsWith('/token?')) return token(path, authorization)
    if (!isAllowed(authorization)) return { status: 401, headers: { 'www-authenticate': challenge() } }
    const [, repository = '', kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? []
    if (kind === 'blobs') return { status: 307, headers: { location: `${scheme}://${store.host}/${reference}` } }
    const manifest = manifests.get(`${repository} ${reference}`)
    return manifest === undefined ? { status: 404 } : { status: 200, headers: { 'content-type': manifest.type }, body: manifest.body }
  }
  const token = (path: string, authorization: string | undefined): WebAnswer => {
    const query = new URL(path, 'http://registry').searchParams
    const isGood = auth !== undefined && authorization === basicOf(auth) && query.get('service') === 'test' && query.get('scope') !== null
    if (!isGood) return { status: 401 }
    const made = randomUUID()
    tokens.add(made)
    return { status: 200, body: JSON.stringify({ token: made }) }
  }
  const isAllowed = (authorization: string | undefined): boolean => {
    if (auth === undefined) return true
    return auth.kind === 'basic' ? authorization === basicOf(auth) : tokens.has((authorization ?? '').replace(/^Bearer /, ''))
  }
  const challenge = (): string =>
    auth?.kind === 'basic'
      ? 'Basic realm="test"'
      : `Bearer realm="${scheme}://${server.host}/token",service="test",scope="repository:x:pull"`
  const server: WebServer = await startWebServer(({ path, headers }) => answer(path, headers.authorization), tls)

  const put = (repository: string, tag: string, type: string, content: object): string => {
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, ...content }))
    const digest = digestOf(body)
    for (const name of [tag, digest]) manifests.set(`${repository} ${name}`, { type, body })
    return digest
  }
  return {
    ...server,
    push: (repository, tag, layers, configType = 'application/vnd.oci.image.config.v1+json') => {
      const described = layers.map(({ mediaType, content }) => {
        const digest = digestOf(content)
        blobs.set(digest, content)
        return { mediaType, digest, size: content.length }
      })
      const config = { mediaType: configType, digest: digestOf(Buffer.from('{}')), size: 2 }
      return put(repository, tag, MANIFEST, { config, layers: described })
    },
    pushIndex: (repository, tag, entries) =>
      put(repository, tag, INDEX, {
        manifests: entries.map(({ digest, architecture }) => ({
          mediaType: MANIFEST,
          digest,
          size: 1,
          platform: { os: 'any', architecture },
        })),
      }),
    spoil: (digest, content) => {
      blobs.set(digest, content)
    },
    close: async () => {
      await Promise.all([server.close(), store.close()])
    },
  }
}

/** An archive with one file, as image builders make it. Source: POSIX.1-1990, ustar. */
export function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0, 'latin1')
  header.write('0000644\0', 100)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  header.write('        ', 148)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512), Buffer.alloc(1024)])
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
