import { afterEach, expect, it } from '@jest/globals'
import { startRegistry } from '../../test/support/registry-server.js'
import { wasmProgram } from '../../test/support/wasm-program.js'
import { startWebServer, type WebAnswer, type WebQuestion } from '../../test/support/web-server.js'
import type { ImageRequest } from '../gatewayapi/fetches/fetch-request.js'
import { Sensitive } from '../ir/sensitive.js'
import type { FetchRules } from './destination.js'
import { fetchReason } from './fetch-error.js'
import { fetchImage } from './fetch-image.js'

const RULES: FetchRules = { allowsLoopback: true, hosts: undefined, plainHosts: [] }
const LOGIN = { username: 'ann', password: new Sensitive('open sesame') }
const LAYER = 'application/vnd.module.wasm.content.layer.v1+wasm'
const DIGEST = `sha256:${'0'.repeat(64)}`
const running: { close(): Promise<void> }[] = []
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))

const request = (registry: string, more: Partial<ImageRequest> = {}): ImageRequest => ({
  kind: 'image',
  key: 'k',
  image: { registry, repository: 'team/module', reference: 'v1' },
  sha256: undefined,
  login: undefined,
  authorities: undefined,
  isFollowed: false,
  ...more,
})
const context = (rules = RULES, revision?: string) => ({ rules, signal: new AbortController().signal, revision })
const failure = (asked: ImageRequest, rules = RULES) => fetchImage(asked, context(rules)).then(() => 'no failure', fetchReason)
const manifest = (layers: unknown) => ({ status: 200, body: JSON.stringify({ schemaVersion: 2, layers }) })
const isManifest = ({ path }: WebQuestion) => path.includes('/manifests/')

async function serve(answer: (question: WebQuestion) => WebAnswer) {
  const server = await startWebServer(answer)
  running.push(server)
  return server
}

it('an image that has not changed is not pulled again', async () => {
  const registry = await startRegistry()
  running.push(registry)
  const digest = registry.push('team/module', 'v1', [{ mediaType: LAYER, content: wasmProgram() }])
  const outcome = await fetchImage(request(registry.host), context())
  expect(outcome?.revision).toBe(digest)
  const { length } = registry.questions
  expect(await fetchImage(request(registry.host), context(RULES, digest))).toBeUndefined()
  expect(registry.questions).toHaveLength(length + 1)
})

it.each([
  ['to where nobody is asked', 'https://169.254.169.254/latest/meta-data', /never asked/],
  ['to a host without TLS', 'http://192.0.2.1/x', /only https/],
  ['to itself', '/v2/team/module/blobs/again', /leads nowhere/],
  ['to nowhere', 'http://', /leads nowhere/],
])('a registry that leads %s is not followed', async (_, location, words) => {
  const server = await serve((question) =>
    isManifest(question) ? manifest([{ mediaType: LAYER, digest: DIGEST }]) : { status: 307, headers: { location } },
  )
  expect(await failure(request(server.host))).toMatch(words)
  expect(server.questions.length).toBeLessThan(8)
})

it('a host that layers are kept by must be allowed, too', async () => {
  const registry = await startRegistry()
  running.push(registry)
  registry.push('team/module', 'v1', [{ mediaType: LAYER, content: wasmProgram() }])
  expect(await failure(request(registry.host), { ...RULES, hosts: [registry.host] })).toMatch(/operator of Headgate allows/)
})

it.each([
  ['no manifest', { status: 200, body: '<html>' }, /not well-formed/],
  ['no layers', { status: 200, body: '{}' }, /not well-formed/],
  ['layers without a digest', manifest([{ mediaType: LAYER, digest: '../../etc/passwd' }]), /not well-formed/],
  ['no module', manifest([{ mediaType: 'text/plain', digest: DIGEST }]), /neither a layer/],
  [
    'two modules',
    manifest([
      { mediaType: LAYER, digest: DIGEST },
      { mediaType: LAYER, digest: DIGEST },
    ]),
    /several modules/,
  ],
  ['a fault', { status: 500 }, /answers 500/],
  ['that it does not know the image', { status: 404 }, /no such image/],
])('a registry that says %s is not believed', async (_, answer, words) => {
  const server = await serve(() => answer)
  expect(await failure(request(server.host))).toMatch(words)
})

it('what tells how the only image of an index was made is no other image', async () => {
  const registry = await startRegistry()
  running.push(registry)
  const image = registry.push('team/module', 'image', [{ mediaType: LAYER, content: wasmProgram() }])
  const attestation = registry.push('team/module', 'attestation', [
    { mediaType: 'application/vnd.in-toto+json', content: Buffer.from('{}') },
  ])
  registry.pushIndex('team/module', 'v1', [
    { digest: attestation, architecture: 'unknown' },
    { digest: image, architecture: 'amd64' },
  ])
  expect((await fetchImage(request(registry.host), context()))?.content.kind).toBe('module')
  registry.pushIndex('team/module', 'v1', [
    { digest: attestation, architecture: 'arm64' },
    { digest: image, architecture: 'amd64' },
  ])
  expect(await failure(request(registry.host))).toMatch(/several platforms/)
})

it('an image that is named by its digest is that one', async () => {
  const registry = await startRegistry()
  running.push(registry)
  const digest = registry.push('team/module', 'v1', [{ mediaType: LAYER, content: wasmProgram() }])
  const named = (reference: string) => request(registry.host, { image: { registry: registry.host, repository: 'team/module', reference } })
  expect((await fetchImage(named(digest), context()))?.content.kind).toBe('module')
  const liar = await serve((question) => (isManifest(question) ? manifest([]) : { status: 404 }))
  expect(await failure(request(liar.host, { image: { registry: liar.host, repository: 'x', reference: digest } }))).toMatch(/another image/)
})

it.each([
  ['does not know us', { status: 401 }, /refuses the login/],
  ['fails', { status: 500 }, /hands out tokens .* answers 500/],
  ['has none', { status: 200, body: '{}' }, /hands out none/],
  ['hands out what is no header', { status: 200, body: '{"token":"a\\r\\nx-evil: 1"}' }, /hands out none/],
])('a server for tokens that %s ends it', async (_, answer, words) => {
  const server = await serve(({ path }) =>
    path.startsWith('/token')
      ? answer
      : { status: 401, headers: { 'www-authenticate': `Bearer realm="http://${server.host}/token",service="x"` } },
  )
  const reason = await failure(request(server.host, { login: LOGIN }))
  expect(reason).toMatch(words)
  expect(reason).not.toContain('sesame')
})

it('nobody learns the login without TLS who is not allowed to be asked so', async () => {
  const server = await serve(() => ({ status: 401, headers: { 'www-authenticate': 'Bearer realm="http://192.0.2.1/token"' } }))
  expect(await failure(request(server.host, { login: LOGIN }))).toMatch(/only https/)
  expect(server.questions.map(({ headers }) => headers.authorization)).toEqual([undefined])
})
