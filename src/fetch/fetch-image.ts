/**
 * Modules in images.
 *
 * Source: OCI Image Specification 1.1 (index, manifest); the Wasm artifact image specification of the solo.io project, which has two forms: a
 * layer that is the module, and a layer of any image with a file `plugin.wasm`; the layer `application/wasm` of the CNCF's Wasm OCI artifact.
 */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { ImageRequest } from '../gatewayapi/fetches/fetch-request.js'
import { FetchError } from './fetch-error.js'
import { DOCUMENT_TIMEOUT_MS, MAX_DOCUMENT_BYTES, MAX_LAYER_BYTES, MAX_MODULE_BYTES, MODULE_TIMEOUT_MS } from './limits.js'
import { type FetchContext, moduleContent, type Outcome } from './outcome.js'
import { Repository } from './registry.js'
import { untar } from './untar.js'

const MANIFESTS = ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json']
const INDEXES = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json']
const MODULES: readonly string[] = ['application/vnd.module.wasm.content.layer.v1+wasm', 'application/wasm']
const ARCHIVES: readonly string[] = [
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.docker.image.rootfs.diff.tar.gzip',
  'application/vnd.oci.image.layer.v1.tar',
]
const FILE = 'plugin.wasm'

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly platform: string | undefined
}

/** The module; undefined: the image is the one of before. */
export async function fetchImage(request: ImageRequest, context: FetchContext): Promise<Outcome | undefined> {
  const repository = new Repository(request, context)
  const { reference } = request.image
  const top = await readManifest(repository, reference)
  if (request.sha256 !== undefined && top.digest !== `sha256:${request.sha256}`) {
    throw new FetchError('the image has another SHA-256 than the policy says')
  }
  if (context.revision === top.digest) return undefined
  const chosen = chooseManifest(top.content)
  const manifest = chosen === undefined ? top : await readManifest(repository, chosen)
  return { content: moduleContent(await readModule(repository, descriptors(manifest.content.layers))), revision: top.digest }
}

interface Manifest {
  readonly content: Readonly<Record<string, unknown>>
  readonly digest: string
}

async function readManifest(repository: Repository, reference: string): Promise<Manifest> {
  const accept = [...MANIFESTS, ...INDEXES].join(', ')
  const { body } = await repository.read(`manifests/${reference}`, { accept, maxBytes: MAX_DOCUMENT_BYTES, timeoutMs: DOCUMENT_TIMEOUT_MS })
  const digest = digestOf(body)
  if (reference.includes(':') && reference !== digest) throw new FetchError('the registry answers with another image')
  return { content: parse(body), digest }
}

/** The platform of what tells how an image was made, which builders put beside it. Source: BuildKit, "Image attestation storage". */
const OF_NO_PLATFORM = 'unknown'

/** The manifest of an index that is made for WebAssembly, or the only one; undefined for what is no index. */
function chooseManifest({ manifests }: Manifest['content']): string | undefined {
  if (manifests === undefined) return undefined
  const found = descriptors(manifests).filter(({ mediaType, platform }) => MANIFESTS.includes(mediaType) && platform !== OF_NO_PLATFORM)
  const chosen = found.find(({ platform }) => platform === 'wasm') ?? (found.length === 1 ? found[0] : undefined)
  if (chosen === undefined) throw new FetchError('the image is made for several platforms, and WebAssembly is none of them')
  return chosen.digest
}

/** Where images are built in steps, the last one has the last word about a file. */
async function readModule(repository: Repository, layers: readonly Descriptor[]): Promise<Buffer> {
  const [module, ...others] = layers.filter(({ mediaType }) => MODULES.includes(mediaType))
  if (others.length > 0) throw new FetchError('the image holds several modules')
  if (module !== undefined) return readBlob(repository, module.digest)
  for (const { mediaType, digest } of layers.filter((layer) => ARCHIVES.includes(layer.mediaType)).reverse()) {
    const blob = await readBlob(repository, digest)
    const file = untar(mediaType.endsWith('gzip') ? await unpack(blob) : blob, FILE)
    if (file === undefined) continue
    if (file.length > MAX_MODULE_BYTES) throw new FetchError(`it is larger than ${MAX_MODULE_BYTES} bytes`)
    return file
  }
  throw new FetchError(`the image holds neither a layer with a module nor a file ${FILE}`)
}

async function readBlob(repository: Repository, digest: string): Promise<Buffer> {
  const { body } = await repository.read(`blobs/${digest}`, { maxBytes: MAX_MODULE_BYTES, timeoutMs: MODULE_TIMEOUT_MS })
  if (digestOf(body) !== digest) throw new FetchError('the registry answers with another layer')
  return body
}

const gunzipAsync = promisify(gunzip)

async function unpack(blob: Buffer): Promise<Buffer> {
  try {
    return await gunzipAsync(blob, { maxOutputLength: MAX_LAYER_BYTES })
  } catch {
    throw new FetchError(`a layer of the image is not well-formed, or larger than ${MAX_LAYER_BYTES} bytes`)
  }
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function parse(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  } catch {
    // Said below.
  }
  throw new FetchError('the manifest of the image is not well-formed')
}

const DIGEST = /^sha256:[a-f0-9]{64}$/

function descriptors(value: unknown): readonly Descriptor[] {
  if (!Array.isArray(value)) throw new FetchError('the manifest of the image is not well-formed')
  return value.map((each: unknown) => {
    const { mediaType, digest, platform } = (each ?? {}) as Readonly<Record<string, unknown>>
    if (typeof mediaType !== 'string' || typeof digest !== 'string' || !DIGEST.test(digest)) {
      throw new FetchError('the manifest of the image is not well-formed')
    }
    const { architecture } = (platform ?? {}) as { readonly architecture?: unknown }
    return { mediaType, digest, platform: typeof architecture === 'string' ? architecture : undefined }
  })
}
