import { describe, expect, it } from '@jest/globals'
import { createAuthority } from '../../../test/support/certificates.js'
import { createTranslationWorld } from '../../../test/support/translation-world.js'
import { parseImageName } from './image-name.js'
import { readProviderDocument } from './provider-document.js'
import { readRegistryLogin } from './registry-login.js'

describe('names of images', () => {
  it.each([
    ['registry.example.com/a/b:v1', ['registry.example.com', 'a/b', 'v1']],
    ['oci://localhost:5000/a', ['localhost:5000', 'a', 'latest']],
    [`localhost/a:v1@sha256:${'0'.repeat(64)}`, ['localhost', 'a', `sha256:${'0'.repeat(64)}`]],
    ['docker.io/library/a', ['registry-1.docker.io', 'library/a', 'latest']],
    ['library/a', undefined],
    ['registry.example.com', undefined],
    ['registry.example.com/', undefined],
    ['registry.example.com/A', undefined],
    ['registry.example.com/../a', undefined],
    ['registry.example.com/a/../../b', undefined],
    ['registry.example.com/a//b', undefined],
    ['registry.example.com/a__b/c--d/e.f_g', ['registry.example.com', 'a__b/c--d/e.f_g', 'latest']],
    ['registry.example.com/a?b', undefined],
    ['https://registry.example.com/a', undefined],
    ['registry.example.com/a@sha256:0', undefined],
  ])('%s', (text, expected) => {
    const name = parseImageName(text)
    expect(name && [name.registry, name.repository, name.reference]).toEqual(expected)
  })
})

describe('logins', () => {
  const secret = (text: string | undefined) =>
    ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'default', generation: 0, creationTimestamp: '' },
      data: text === undefined ? {} : { '.dockerconfigjson': Buffer.from(text).toString('base64') },
    }) as Parameters<typeof readRegistryLogin>[0]
  const auth = Buffer.from('ann:a:b').toString('base64')

  it.each([
    [{ 'r.example': { auth } }, 'r.example', ['ann', 'a:b']],
    [{ 'https://r.example/v1/': { username: 'ann', password: 'x' } }, 'r.example', ['ann', 'x']],
    [{ 'https://index.docker.io/v1/': { auth } }, 'registry-1.docker.io', ['ann', 'a:b']],
    [{ 'r.example': { auth } }, 'r.example:5000', undefined],
    [{ 'r.example': { auth } }, 'evil.example', undefined],
    [{ 'r.example/other': { auth }, 'r.example': { username: 'bob', password: 'x' } }, 'r.example', ['bob', 'x']],
    [{ 'r.example': { username: 'bob', password: 'x' }, 'r.example/team': { auth } }, 'r.example', ['ann', 'a:b']],
    [{ 'r.example/team/mod': { auth } }, 'r.example', undefined],
    [{ 'https://r.example/team/module/': { auth } }, 'r.example', ['ann', 'a:b']],
  ])('%j for %s', (auths, registry, expected) => {
    const read = readRegistryLogin(secret(JSON.stringify({ auths })), { registry, repository: 'team/module' })
    const login = read.ok ? read.value : undefined
    expect([read.ok, login && [login.username, login.password.reveal()]]).toEqual([true, expected])
  })

  it.each([undefined, 'x', '[]', '{"auths":[]}', '{"auths":{"r.example":{"auth":"OnNlY3JldA=="}}}'])(
    '%s is none, and is not repeated',
    (text) => {
      const read = readRegistryLogin(secret(text), { registry: 'r.example', repository: 'team/module' })
      expect([read.ok, JSON.stringify(read)]).toEqual([false, expect.not.stringMatching(/secret/)])
    },
  )
})

describe('documents of providers', () => {
  const good = {
    issuer: 'https://id.example',
    authorization_endpoint: 'https://id.example/a',
    token_endpoint: 'https://id.example/t',
    jwks_uri: 'https://id.example/k',
  }
  it.each([
    [{}, true],
    [{ issuer: 'https://id.example/' }, true],
    [{ end_session_endpoint: 'https://id.example/e' }, true],
    [{ issuer: 'https://id.example.evil' }, false],
    [{ issuer: 'http://id.example' }, false],
    [{ issuer: ['https://id.example'] }, false],
    [{ token_endpoint: 'http://id.example/t' }, false],
    [{ token_endpoint: undefined }, false],
    [{ jwks_uri: 'file:///etc/passwd' }, false],
    [{ authorization_endpoint: 'https://id.example/a?x=%20#y' }, true],
    [{ authorization_endpoint: 'https://id.example/a b' }, false],
    [{ authorization_endpoint: 'https://id.example/\n' }, false],
    [{ token_endpoint: 'https://id.example/é' }, false],
    [{ end_session_endpoint: 'https://id.example/\u0000' }, false],
    [{ end_session_endpoint: 'javascript:alert(1)' }, false],
    [{ authorization_endpoint: `https://id.example/${'a'.repeat(600)}` }, false],
  ])('with %j', (change, isGood) => {
    expect(readProviderDocument(JSON.stringify({ ...good, ...change }), 'https://id.example').ok).toBe(isGood)
  })
})

describe('what is asked for', () => {
  const policy = (name: string, code: string, namespace = 'default') => `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: ${name}, namespace: ${namespace}}
spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}], wasm: [{code: ${code}}]}
`
  const login = (password: string) => `
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: vault}
stringData: {.dockerconfigjson: '{"auths":{"r.example":{"username":"ann","password":"${password}"}}}'}
`
  const PRIVATE = '{type: Image, image: {url: "r.example/a:v1", pullSecretRef: {name: login, namespace: vault}}}'
  const GRANT = `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g, namespace: vault}
spec: {from: [{group: headgate.dev, kind: ExtensionPolicy, namespace: default}], to: [{group: "", kind: Secret}]}
`

  it('is asked for once, however many ask, and goes away with the last', () => {
    const world = createTranslationWorld()
    const { fetches } = world.translation.gatewayApi
    const public_ = '{type: HTTP, http: {url: "https://example.com/a"}}'
    world.apply([policy('p', public_), policy('q', public_, 'other')].join('---'))
    world.flush()
    expect(fetches.size).toBe(1)
    world.remove('ExtensionPolicy', 'default', 'p')
    world.flush()
    expect(fetches.size).toBe(1)
    world.remove('ExtensionPolicy', 'other', 'q')
    world.flush()
    expect(fetches.size).toBe(0)
  })

  it('is asked for with a login only by who may use it, and a new password asks for the same', () => {
    const world = createTranslationWorld()
    const { fetches } = world.translation.gatewayApi
    world.apply([policy('p', PRIVATE), policy('q', PRIVATE, 'other'), login('one')].join('---'))
    world.flush()
    expect(fetches.size).toBe(0)
    world.apply(GRANT)
    world.flush()
    const [[key, request] = []] = [...fetches.entries()]
    expect([fetches.size, request?.kind === 'image' && request.login?.password.reveal()]).toEqual([1, 'one'])
    expect(JSON.stringify([key, request])).not.toContain('"one"')
    world.apply(login('two'))
    world.flush()
    const [[sameKey, changed] = []] = [...fetches.entries()]
    expect([sameKey, changed?.kind === 'image' && changed.login?.password.reveal()]).toEqual([key, 'two'])
  })

  it.each(['ConfigMap', 'Secret'])('trusts the authorities of a %s, and nobody without them', async (kind) => {
    const { certificate } = await createAuthority()
    const world = createTranslationWorld()
    const { fetches } = world.translation.gatewayApi
    world.apply(policy('p', `{type: HTTP, http: {url: "https://example.com/a", tls: {caCertificateRef: {kind: ${kind}, name: ca}}}}`))
    world.flush()
    expect(fetches.size).toBe(0)
    const text = kind === 'Secret' ? Buffer.from(certificate).toString('base64') : certificate
    world.apply(JSON.stringify({ apiVersion: 'v1', kind, metadata: { name: 'ca', namespace: 'default' }, data: { 'ca.crt': text } }))
    world.flush()
    expect([...fetches.entries()].map(([, request]) => request.authorities?.trim())).toEqual([certificate.trim()])
  })

  it('is the same whether it is asked for once or again and again: what is there stays in use when that changes', () => {
    const world = createTranslationWorld()
    const { fetches } = world.translation.gatewayApi
    const often = (pullPolicy: string) => `{type: HTTP, http: {url: "https://example.com/a"}, pullPolicy: ${pullPolicy}}`
    const asked = () => {
      world.flush()
      return [...fetches.entries()].map(([, request]) => request.kind === 'module' && request.isFollowed)
    }
    world.apply(policy('p', often('IfNotPresent')))
    expect(asked()).toEqual([false])
    const before = fetches.entries().next().value?.[0]
    world.apply(policy('q', often('Always'), 'other'))
    expect(asked()).toEqual([true])
    expect(fetches.entries().next().value?.[0]).toBe(before)
    world.remove('ExtensionPolicy', 'other', 'q')
    expect(asked()).toEqual([false])
  })

  it.each([
    ['Image', 'r.example/a:v1', '', false],
    ['Image', 'r.example/a', '', true],
    ['Image', 'r.example/a', 'IfNotPresent', false],
    ['Image', 'r.example/a:v1', 'Always', true],
    ['Image', `r.example/a@sha256:${'0'.repeat(64)}`, 'Always', false],
    ['HTTP', 'https://example.com/a', '', false],
    ['HTTP', 'https://example.com/a', 'Always', true],
  ])('%s %s %s: again and again %s', (type, url, pullPolicy, isFollowed) => {
    const world = createTranslationWorld()
    const source = `${type === 'HTTP' ? 'http' : 'image'}: {url: "${url}"}`
    world.apply(policy('p', `{type: ${type}, ${source}${pullPolicy === '' ? '' : `, pullPolicy: ${pullPolicy}`}}`))
    world.flush()
    const [[, request] = []] = [...world.translation.gatewayApi.fetches.entries()]
    expect(request).toMatchObject({ isFollowed })
  })
})
