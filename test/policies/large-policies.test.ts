/** Large policies about many matches: their virtual host has them once, and what is not about them keeps out of it. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { backend, gateway, to } from '../features/manifests.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { securityPolicy } from './support/attempts.js'
import { secret } from './support/secrets.js'

const many = <T>(each: (at: number) => T, count = 300): readonly T[] => Array.from({ length: count }, (_, at) => each(at))
const hashed = (name: string, password: string) => `${name}:{SHA}${createHash('sha1').update(password).digest('base64')}`
const named = (name: string, password: string) => ({ authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` })
const about = (rule: string) => `targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: ${rule}}]`
const paths = (rule: string) => many((at) => `/${rule}/${at}`, 5)
const rule = (name: string) => `{name: ${name}, matches: [${paths(name).map((path) => `{path: {value: ${path}}}`)}], ${to('app')}}`
const ROUTE = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec: {parentRefs: [{name: gw}], hostnames: [a.example.com, "*.b.example.com"], rules: [${['guarded', 'own', 'open'].map(rule)}]}
`
const HOSTS = ['a.example.com', 'x.b.example.com']
const SECRETS = [
  secret('many-keys', Object.fromEntries(many((at) => [`client${at}`, `key-number-${at}`]))),
  secret('own-keys', { own: 'own-key' }),
  secret('many-users', { '.htpasswd': many((at) => hashed(`user${at}`, `secret${at}`)).join('\n') }),
  secret('own-users', { '.htpasswd': hashed('own', 'own') }),
]
const allowed = (values: readonly string[]) =>
  many((at) => values.slice(at * 32, at * 32 + 32), Math.ceil(values.length / 32)).map(
    (some) => `{action: Allow, principal: {headers: [{name: x-key, values: [${some}]}]}}`,
  )

describe.each(['rds', 'scoped'] as const)('with %s', (routePacking) => {
  let headgate: Standalone
  let app: TestBackend
  beforeAll(async () => {
    app = await startBackend('app')
    headgate = await startTestStandalone({ routePacking })
    await headgate.write('base', [gateway('gw'), backend(app), ROUTE, ...SECRETS].join('---'))
  }, 60_000)
  afterAll(async () => {
    await headgate?.stop()
    await app?.close()
  })
  const ask = (host: string, path: string, headers: Readonly<Record<string, string>>, method = 'GET') =>
    headgate.send('default/gw', 80, { host, path, headers, method })
  /** The statuses of all requests for a rule, if they are one. */
  const status = async (name: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const all = await Promise.all(HOSTS.flatMap((host) => paths(name).map((path) => ask(host, path, headers))))
    const found = [...new Set(all.map((answer) => answer.status))]
    return found.length === 1 ? found[0] : found
  }

  it.each([
    {
      what: 'keys of clients',
      settings: (whose: string) => `apiKeyAuth: {credentialRefs: [{name: ${whose}-keys}], extractFrom: [{headers: [x-key]}]}`,
      good: { 'x-key': 'key-number-299' },
      own: { 'x-key': 'own-key' },
      refused: 401,
    },
    {
      what: 'passwords',
      settings: (whose: string) => `basicAuth: {users: {name: ${whose}-users}}`,
      good: named('user299', 'secret299'),
      own: named('own', 'own'),
      refused: 401,
    },
    {
      what: 'rules',
      settings: (whose: string) =>
        `authorization: {rules: [${allowed(whose === 'own' ? ['own-key'] : many((at) => `key-number-${at}`, 600))}]}`,
      good: { 'x-key': 'key-number-299' },
      own: { 'x-key': 'own-key' },
      refused: 403,
    },
  ])(
    '$what are asked for where they are wanted, and only there',
    async ({ settings, good, own, refused }) => {
      const cors = 'cors: {allowOrigins: ["https://web.example"], allowMethods: [GET]}'
      await headgate.write(
        'policies',
        [
          securityPolicy(`${about('guarded')}, ${settings('many')}, ${cors}`, 'many'),
          securityPolicy(`${about('own')}, ${settings('own')}`, 'own'),
        ].join('---'),
      )
      expect([await status('guarded'), await status('guarded', good), await status('guarded', own)]).toEqual([refused, 200, refused])
      expect([await status('own'), await status('own', good), await status('own', own)]).toEqual([refused, refused, 200])
      expect([await status('open'), (await ask('a.example.com', '/nothing', {})).status]).toEqual([200, 404])
      const preflight = { origin: 'https://web.example', 'access-control-request-method': 'GET' }
      expect((await ask('a.example.com', '/guarded/1', preflight, 'OPTIONS')).headers).toMatchObject({
        'access-control-allow-origin': 'https://web.example',
      })
      await headgate.remove('policies')
      expect([await status('guarded'), await status('own'), await status('open')]).toEqual([200, 200, 200])
    },
    60_000,
  )

  it('scripts and answers are those of their rules', async () => {
    const script = (word: string, length: number) =>
      `function envoy_on_response(handle) handle:headers():add("x-by", "${word}") end -- ${'x'.repeat(length)}`
    const ours = (kind: string, name: string, spec: string) => `
apiVersion: headgate.dev/v1alpha1
kind: ${kind}
metadata: {name: ${name}}
spec: {${about(name)}, ${spec}}
`
    const lua = (name: string, length: number) => ours('ExtensionPolicy', name, `lua: [{type: Inline, inline: '${script(name, length)}'}]`)
    const answer = (name: string, length: number) =>
      ours(
        'BackendTrafficPolicy',
        name,
        `responseOverride: [{match: {statusCodes: [{value: 418}]}, response: {contentType: text/plain, body: "${name}${'.'.repeat(length)}"}}]`,
      )
    await headgate.write('policies', [lua('guarded', 9000), lua('own', 10), answer('guarded', 4000), answer('own', 10)].join('---'))
    const said = async (name: string) => {
      const { headers } = await ask('a.example.com', `/${name}/3`, {})
      const { body } = await ask('a.example.com', `/${name}/3?status=418`, {})
      return [headers['x-by'], body.length]
    }
    expect([await said('guarded'), await said('own')]).toEqual([
      ['guarded', 4007],
      ['own', 13],
    ])
    expect((await said('open'))[0]).toBeUndefined()
    await headgate.remove('policies')
    expect((await said('guarded'))[0]).toBeUndefined()
  }, 60_000)
})
