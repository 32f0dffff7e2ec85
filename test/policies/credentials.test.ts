/** API keys and passwords through the real Envoy: who is let in, and what attackers get. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { dumpSections } from '../../src/admin/dump.js'
import { featureWorld } from '../features/world.js'
import { policyField } from './coverage/policy-field.js'
import { sendRaw } from './raw-http.js'
import {
  ABOUT_GUARDED_RULE,
  type Attempt,
  expectNoneSucceed,
  GUARDED_ROUTE,
  pathAttempts,
  rawRequest,
  securityPolicy,
} from './support/attempts.js'
import { secret } from './support/secrets.js'

const world = featureWorld(['open', 'secret'])
const ask = (headers: Readonly<Record<string, string | readonly string[]>> = {}, path = '/admin') => world.answerer({ path, headers })
const guard = (spec: string) => securityPolicy(`${ABOUT_GUARDED_RULE}, ${spec}`)

const KEYS = secret('clients', { ann: 'key-of-ann', bob: 'key-of-bob\n' })
const keyAuth = (more: string) => `apiKeyAuth: {credentialRefs: [{name: clients}], ${more}}`
const IN_HEADER = keyAuth('extractFrom: [{headers: [X-Api-Key]}]')

const sha = (password: string) => `{SHA}${createHash('sha1').update(password).digest('base64')}`
const USERS = secret('users', { '.htpasswd': `# people\nann:${sha('geheim')}\n\nbob:${sha('b:b')}\n` })
const basic = (name: string, password: string) => ({ authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` })
const BASIC = 'basicAuth: {users: {name: users}}'

describe('apiKeyAuth', () => {
  policyField(
    ['SecurityPolicy apiKeyAuth.credentialRefs', 'SecurityPolicy apiKeyAuth.extractFrom.{headers,params,cookies}'],
    'lets in who has a key, wherever it is looked for',
    async () => {
      await world.write(
        GUARDED_ROUTE,
        KEYS,
        guard(keyAuth('extractFrom: [{headers: [X-Api-Key, x-other]}, {params: [k]}, {cookies: [key]}]')),
      )
      expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
      expect(await ask({ 'x-api-key': 'key-of-ann' })).toBe('secret')
      expect(await ask({ 'x-other': 'key-of-bob' })).toBe('secret')
      expect(await ask({ 'x-other': 'Bearer key-of-bob' })).toBe('secret')
      expect(await ask({}, '/admin?k=key-of-bob')).toBe('secret')
      expect(await ask({ cookie: 'a=b; key=key-of-ann' })).toBe('secret')
      expect([await ask(), await ask({ 'x-api-key': 'key-of-eve' }), await ask({}, '/')]).toEqual([401, 401, 'open'])
    },
  )

  policyField(
    ['SecurityPolicy apiKeyAuth.forwardClientIDHeader', 'SecurityPolicy apiKeyAuth.sanitize'],
    'tells the backend who it is, and not the key',
    async () => {
      const spec = keyAuth('extractFrom: [{headers: [x-api-key]}, {params: [k]}], forwardClientIDHeader: X-Client, sanitize: true')
      await world.write(GUARDED_ROUTE, KEYS, guard(spec))
      const seen = async (path: string, headers: Readonly<Record<string, string | readonly string[]>>) =>
        (await world.ask({ path, headers })).echo
      const byHeader = await seen('/admin', { 'x-api-key': 'key-of-ann', 'x-client': ['root', 'admin'] })
      expect([byHeader?.headers['x-client'], byHeader?.headers['x-api-key']]).toEqual(['ann', undefined])
      const byQuery = await seen('/admin?a=b&k=key-of-bob', {})
      expect([byQuery?.headers['x-client'], byQuery?.path.includes('key-of-bob')]).toEqual(['bob', false])
      await world.write(GUARDED_ROUTE, KEYS, guard(IN_HEADER))
      expect((await seen('/admin', { 'x-api-key': 'key-of-ann' }))?.headers['x-api-key']).toBe('key-of-ann')
    },
  )

  it('follows the Secret: a key that is taken away is one no more', async () => {
    await world.write(GUARDED_ROUTE, KEYS, guard(IN_HEADER))
    expect(await ask({ 'x-api-key': 'key-of-ann' })).toBe('secret')
    await world.write(GUARDED_ROUTE, secret('clients', { bob: 'key-of-bob' }), guard(IN_HEADER))
    expect([await ask({ 'x-api-key': 'key-of-ann' }), await ask({ 'x-api-key': 'key-of-bob' })]).toEqual([401, 'secret'])
    await world.write(GUARDED_ROUTE, guard(IN_HEADER))
    expect(await ask({ 'x-api-key': 'key-of-bob' })).toBe(500)
  })

  it.each([
    { what: 'a Secret that is not there', more: undefined, reason: 'RefNotFound' },
    { what: 'an empty Secret', more: secret('clients', {}), reason: 'UnsupportedValue' },
    { what: 'an empty key', more: secret('clients', { ann: '' }), reason: 'UnsupportedValue' },
    { what: 'two clients with one key', more: secret('clients', { ann: 'same', bob: 'same' }), reason: 'UnsupportedValue' },
  ])('$what closes the rule, and nothing else', async ({ more, reason }) => {
    await world.write(GUARDED_ROUTE, ...(more === undefined ? [] : [more]), guard(IN_HEADER))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual([`Accepted=False/${reason}`])
    expect([await ask({ 'x-api-key': 'same' }), await ask({}, '/')]).toEqual([500, 'open'])
    expect(JSON.stringify(world.stored('SecurityPolicy/default/p'))).not.toContain('same"')
  })

  it('a Secret of another namespace needs a grant', async () => {
    const spec = guard('apiKeyAuth: {credentialRefs: [{name: clients, namespace: vault}], extractFrom: [{headers: [x-api-key]}]}')
    const theirs = secret('clients', { ann: 'key-of-ann' }, 'vault')
    await world.write(GUARDED_ROUTE, theirs, spec)
    expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=False/RefNotPermitted'])
    const grant = `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: g, namespace: vault}
spec: {from: [{group: headgate.dev, kind: SecurityPolicy, namespace: default}], to: [{group: "", kind: Secret}]}
`
    await world.write(GUARDED_ROUTE, theirs, spec, grant)
    expect(await ask({ 'x-api-key': 'key-of-ann' })).toBe('secret')
  })

  const wrong = [
    '',
    ' ',
    'key-of-an',
    'key-of-ann2',
    'KEY-OF-ANN',
    'key-of-ann, key-of-ann',
    'Basic key-of-ann',
    'ann',
    '*',
    '%6bey-of-ann',
    "' or 1=1",
    'null',
  ]
  const attempts: readonly Attempt[] = [
    ...wrong.map((key) => ({ how: `the key "${key}"`, bytes: rawRequest('GET /admin HTTP/1.1', `x-api-key: ${key}`) })),
    { how: 'a good key in another header', bytes: rawRequest('GET /admin HTTP/1.1', 'x-apikey: key-of-ann', 'authorization: key-of-ann') },
    { how: 'a good key in the query', bytes: rawRequest('GET /admin?x-api-key=key-of-ann HTTP/1.1') },
    { how: 'a good key in a cookie', bytes: rawRequest('GET /admin HTTP/1.1', 'cookie: x-api-key=key-of-ann') },
    { how: 'a good key behind a wrong one', bytes: rawRequest('GET /admin HTTP/1.1', 'x-api-key: wrong', 'x-api-key: key-of-ann') },
    { how: 'the name of a client in its header', bytes: rawRequest('GET /admin HTTP/1.1', 'x-client: ann', 'x-envoy-auth: ok') },
    { how: 'an old key in the body', bytes: `${rawRequest('POST /admin HTTP/1.1', 'content-length: 20')}x-api-key=key-of-ann` },
  ]

  it('no attempt succeeds: keys', () => expectNoneSucceed(world, `${ABOUT_GUARDED_RULE}, ${IN_HEADER}`, attempts, [401], KEYS), 60_000)

  it(
    'no attempt succeeds: other ways to write the request',
    () => expectNoneSucceed(world, `${ABOUT_GUARDED_RULE}, ${IN_HEADER}`, pathAttempts('x-api-key: wrong'), [401], KEYS),
    60_000,
  )
})

describe('basicAuth', () => {
  policyField(
    ['SecurityPolicy basicAuth.users', 'SecurityPolicy basicAuth.forwardUsernameHeader'],
    'lets in who knows the password, and tells the backend who it is',
    async () => {
      await world.write(GUARDED_ROUTE, USERS, guard('basicAuth: {users: {name: users}, forwardUsernameHeader: X-User}'))
      expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
      const { echo } = await world.ask({ path: '/admin', headers: { ...basic('ann', 'geheim'), 'x-user': ['root', 'admin'] } })
      expect([echo?.backend, echo?.headers['x-user']]).toEqual(['secret', 'ann'])
      expect(await ask(basic('bob', 'b:b'))).toBe('secret')
      expect([await ask(basic('ann', 'Geheim')), await ask(), await ask({}, '/')]).toEqual([401, 401, 'open'])
      expect((await world.ask({ path: '/admin' })).headers['www-authenticate']).toMatch(/^Basic/)
    },
  )

  it.each([
    { what: 'a Secret that is not there', more: undefined, reason: 'RefNotFound' },
    { what: 'a Secret without .htpasswd', more: secret('users', { htpasswd: `ann:${sha('x')}` }), reason: 'RefNotFound' },
    {
      what: 'a hash that Envoy does not know',
      more: secret('users', { '.htpasswd': 'ann:$2y$05$abcdefghijklmnopqrstuv' }),
      reason: 'UnsupportedValue',
    },
    { what: 'a password in clear', more: secret('users', { '.htpasswd': 'ann:geheim' }), reason: 'UnsupportedValue' },
    { what: 'a user twice', more: secret('users', { '.htpasswd': `ann:${sha('x')}\nann:${sha('y')}` }), reason: 'UnsupportedValue' },
    { what: 'no user', more: secret('users', { '.htpasswd': '# nobody\n' }), reason: 'UnsupportedValue' },
  ])('$what closes the rule, and nothing else', async ({ more, reason }) => {
    await world.write(GUARDED_ROUTE, ...(more === undefined ? [] : [more]), guard(BASIC))
    expect(world.conditions('SecurityPolicy/default/p')).toEqual([`Accepted=False/${reason}`])
    expect([await ask(basic('ann', 'geheim')), await ask({}, '/')]).toEqual([500, 'open'])
    expect(JSON.stringify(world.stored('SecurityPolicy/default/p'))).not.toContain('geheim')
  })

  const encode = (text: string) => Buffer.from(text).toString('base64')
  const wrong: Readonly<Record<string, string>> = {
    'a wrong password': `Basic ${encode('ann:x')}`,
    'an unknown user': `Basic ${encode('eve:geheim')}`,
    'no password': `Basic ${encode('ann:')}`,
    'no colon': `Basic ${encode('ann')}`,
    'an empty name': `Basic ${encode(':geheim')}`,
    'the hash as password': `Basic ${encode(`ann:${sha('geheim')}`)}`,
    'the password of somebody else': `Basic ${encode('bob:geheim')}`,
    'a name in capitals': `Basic ${encode('ANN:geheim')}`,
    'a NUL behind the name': `Basic ${encode('ann\0:geheim')}`,
    'a NUL behind the password': `Basic ${encode('ann:geheim\0')}`,
    'a blank behind the password': `Basic ${encode('ann:geheim ')}`,
    'a line break and a line of a user': `Basic ${encode(`eve:x\nann:geheim`)}`,
    'base64 that is none': 'Basic !!!!',
    'good credentials as Bearer': `Bearer ${encode('ann:geheim')}`,
    'good credentials in clear': 'Basic ann:geheim',
    'good credentials without a scheme': encode('ann:geheim'),
    nothing: '',
  }
  const attempts: readonly Attempt[] = [
    ...Object.entries(wrong).map(([how, value]) => ({ how, bytes: rawRequest('GET /admin HTTP/1.1', `authorization: ${value}`) })),
    {
      how: 'good credentials in another header',
      bytes: rawRequest('GET /admin HTTP/1.1', `proxy-authorization: Basic ${encode('ann:geheim')}`),
    },
    {
      how: 'good credentials behind wrong ones',
      bytes: rawRequest('GET /admin HTTP/1.1', `authorization: Basic ${encode('eve:x')}`, `authorization: Basic ${encode('ann:geheim')}`),
    },
    { how: 'good credentials in the address', bytes: 'GET http://ann:geheim@example.com/admin HTTP/1.1\r\nhost: example.com\r\n\r\n' },
    { how: 'the name in a header', bytes: rawRequest('GET /admin HTTP/1.1', 'x-user: ann', 'x-forwarded-user: ann', 'remote-user: ann') },
  ]

  it(
    'no attempt succeeds: credentials',
    () => expectNoneSucceed(world, `${ABOUT_GUARDED_RULE}, ${BASIC}`, attempts, [400, 401], USERS),
    60_000,
  )

  it(
    'no attempt succeeds: other ways to write the request',
    () => expectNoneSucceed(world, `${ABOUT_GUARDED_RULE}, ${BASIC}`, pathAttempts('authorization: Basic eA=='), [401], USERS),
    60_000,
  )
})

it('several kinds of credentials are all asked for', async () => {
  await world.write(GUARDED_ROUTE, KEYS, USERS, guard(`${IN_HEADER}, ${BASIC}`))
  expect(await ask({ 'x-api-key': 'key-of-ann' })).toBe(401)
  expect(await ask(basic('ann', 'geheim'))).toBe(401)
  expect(await ask({ 'x-api-key': 'key-of-ann', ...basic('ann', 'geheim') })).toBe('secret')
})

it('HTTP/1.0 and NULs get nowhere', async () => {
  await world.write(GUARDED_ROUTE, KEYS, guard(IN_HEADER))
  const seen = world.backend('secret').requests.length
  for (const bytes of [
    rawRequest('GET /admin HTTP/1.1', 'x-api-key: key-of-ann\0'),
    'GET /admin HTTP/1.0\r\nhost: example.com\r\n\r\n',
    rawRequest('GET /admin HTTP/1.1', 'x_api_key: key-of-ann'),
  ]) {
    expect([0, 400, 401, 426]).toContain((await sendRaw(world.headgate.place('default/gw', 80), bytes)).status)
  }
  expect(world.backend('secret').requests).toHaveLength(seen)
})

it('dumps show neither keys nor hashes', async () => {
  await world.write(GUARDED_ROUTE, KEYS, USERS, guard(`${IN_HEADER}, ${BASIC}`))
  let text = ''
  for await (const part of dumpSections(world.headgate.running.sources.snapshots, ['routes', 'extensions'])) text += part
  expect(text).toContain('x-api-key')
  for (const hidden of ['key-of-ann', 'key-of-bob', sha('geheim')]) expect(text).not.toContain(hidden)
})
