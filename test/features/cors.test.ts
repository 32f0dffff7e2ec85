/** CORS, of rules and of backends. */
import { expect } from '@jest/globals'
import { feature } from './feature.js'
import { httpRoute, ref, to, under } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a'])
const PATHS = ['/rule', '/backend']

async function write(cors: string): Promise<void> {
  const filter = `{type: CORS, cors: {${cors}}}`
  const ofBackend = under('/backend', `backendRefs: [{${ref('a')}, filters: [${filter}]}]`)
  await world.write(httpRoute('r', `[${under('/rule', `filters: [${filter}], ${to('a')}`)}, ${ofBackend}]`))
}

/** What the gateway answers to a browser that asks first. */
async function preflight(path: string, origin: string, more: Readonly<Record<string, string>> = {}) {
  const headers = { origin, 'access-control-request-method': 'PUT', ...more }
  return (await world.ask({ method: 'OPTIONS', path, headers })).headers
}

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.cors.{allowOrigins,allowMethods,allowHeaders,maxAge}'],
  'answers preflight requests of the origins that are allowed, and of no others',
  async () => {
    await write(
      "allowOrigins: ['https://app.example.com', 'https://*.wild.example.com'], allowMethods: [PUT, DELETE], allowHeaders: [x-token, x-more], maxAge: 600",
    )
    for (const path of PATHS) {
      for (const origin of ['https://app.example.com', 'https://a.b.wild.example.com']) {
        const headers = await preflight(path, origin, { 'access-control-request-headers': 'x-token' })
        expect([path, headers]).toEqual([
          path,
          expect.objectContaining({ 'access-control-allow-origin': origin, 'access-control-max-age': '600' }),
        ])
        expect(headers['access-control-allow-methods']?.split(/, ?/)).toEqual(['PUT', 'DELETE'])
        expect(headers['access-control-allow-headers']?.split(/, ?/)).toEqual(['x-token', 'x-more'])
      }
      for (const origin of ['https://evil.example.com', 'https://wild.example.com', 'http://app.example.com']) {
        expect([path, origin, (await preflight(path, origin))['access-control-allow-origin']]).toEqual([path, origin, undefined])
      }
    }
    expect(world.backend('a').requests.filter(({ method }) => method === 'OPTIONS')).toEqual([])
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.cors.allowOrigins'],
  'takes an origin with the usual port of its scheme for the one that browsers send, which leave it out',
  async () => {
    await write("allowOrigins: ['https://app.example.com:443', 'http://*.wild.example.com:80', 'https://other.example.com:80']")
    for (const [origin, isAllowed] of [
      ['https://app.example.com', true],
      ['http://a.wild.example.com', true],
      ['http://app.example.com', false],
      ['https://other.example.com', false],
      ['https://other.example.com:80', true],
    ] as const) {
      const { headers } = await world.ask({ path: '/rule', headers: { origin } })
      expect([origin, headers['access-control-allow-origin']]).toEqual([origin, isAllowed ? origin : undefined])
    }
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.cors.{allowCredentials,exposeHeaders}'],
  'exposes all headers by a wildcard only where there are no credentials, with which it means nothing',
  async () => {
    const origin = 'https://app.example.com'
    for (const [credentials, want] of [
      [false, '*'],
      [true, undefined],
    ] as const) {
      await write(`allowOrigins: ['${origin}'], allowCredentials: ${credentials}, exposeHeaders: ['*']`)
      const { headers } = await world.ask({ path: '/rule', headers: { origin } })
      expect([credentials, headers['access-control-expose-headers']]).toEqual([credentials, want])
    }
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.cors.{allowCredentials,exposeHeaders}'],
  'says which headers a page may read, and whether credentials may be sent',
  async () => {
    const origin = 'https://app.example.com'
    for (const credentials of [true, false]) {
      await write(`allowOrigins: ['${origin}'], allowMethods: [PUT], allowCredentials: ${credentials}, exposeHeaders: [x-one, x-two]`)
      for (const path of PATHS) {
        const { headers, echo } = await world.ask({ path, headers: { origin } })
        expect([path, echo?.backend, headers['access-control-allow-origin']]).toEqual([path, 'a', origin])
        expect(headers['access-control-expose-headers']?.split(/, ?/)).toEqual(['x-one', 'x-two'])
        const wanted = credentials ? 'true' : undefined
        expect([path, headers['access-control-allow-credentials']]).toEqual([path, wanted])
        expect([path, (await preflight(path, origin))['access-control-allow-credentials']]).toEqual([path, wanted])
      }
    }
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.cors.allowOrigins'],
  'has caches keep the answers for each origin apart, and for nobody else',
  async () => {
    const cors = "{type: CORS, cors: {allowOrigins: ['*']}}"
    const vary = (type: string) => `{type: ResponseHeaderModifier, responseHeaderModifier: {${type}: [{name: vary, value: accept}]}}`
    const redirect = '{type: RequestRedirect, requestRedirect: {hostname: elsewhere.example.com, statusCode: 301}}'
    const rules = [
      under('/cors', `filters: [${cors}], ${to('a')}`),
      under('/backend', `backendRefs: [{${ref('a')}, filters: [${cors}]}]`),
      under('/redirect', `filters: [${cors}, ${redirect}]`),
      under('/add', `filters: [${cors}, ${vary('add')}], ${to('a')}`),
      under('/set', `filters: [${cors}, ${vary('set')}], ${to('a')}`),
      under('/plain', to('a')),
    ]
    await world.write(httpRoute('r', `[${rules.join()}]`))
    for (const [path, want] of [
      ['/cors', 'origin'],
      ['/backend', 'origin'],
      ['/redirect', 'origin'],
      ['/add', 'origin,accept'],
      ['/set', 'accept,origin'],
      ['/plain', undefined],
    ] as const) {
      for (const headers of [{}, { origin: 'https://app.example.com' }, { origin: 'https://other.example.com' }]) {
        expect([path, headers, (await world.ask({ path, headers })).headers.vary?.replaceAll(' ', '')]).toEqual([path, headers, want])
      }
    }
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.cors.allowOrigins'],
  'lets browsers read redirects and errors as well',
  async () => {
    const cors =
      "{type: CORS, cors: {allowOrigins: ['https://app.example.com', 'https://*.wild.example.com'], allowMethods: [PUT], allowCredentials: true, exposeHeaders: [x-more]}}"
    const redirect = '{type: RequestRedirect, requestRedirect: {hostname: elsewhere.example.com}}'
    const rules = [
      under('/redirect', `filters: [${cors}, ${redirect}]`),
      under('/error', `filters: [${cors}], ${to('missing')}`),
      under('/plain', `filters: [${redirect}]`),
    ]
    await world.write(httpRoute('r', `[${rules.join()}]`))
    for (const [path, status] of [
      ['/redirect', 302],
      ['/error', 500],
    ] as const) {
      for (const origin of ['https://APP.example.com', 'https://a.wild.example.com']) {
        expect(await preflight(path, origin)).toMatchObject({
          'access-control-allow-origin': origin,
          'access-control-allow-methods': 'PUT',
        })
        const answer = await world.ask({ path, headers: { origin } })
        expect([path, answer.status, answer.headers]).toEqual([
          path,
          status,
          expect.objectContaining({
            'access-control-allow-origin': origin,
            'access-control-allow-credentials': 'true',
            'access-control-expose-headers': 'x-more',
          }),
        ])
      }
      for (const headers of [{ origin: 'https://evil.example.com' }, { origin: 'https://app.example.com.evil.org' }, {}]) {
        const answer = await world.ask({ path, headers })
        expect([answer.status, Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))]).toEqual([status, []])
      }
    }
    const plain = await world.ask({ path: '/plain', headers: { origin: 'https://app.example.com' } })
    expect([plain.status, plain.headers['access-control-allow-origin']]).toEqual([302, undefined])
  },
)
