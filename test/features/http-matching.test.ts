/** HTTPRoute matches: paths, headers, query parameters, methods, and which of several wins. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { feature } from './feature.js'
import { backend, gateway } from './manifests.js'

let headgate: Standalone
let backends: readonly TestBackend[]

beforeAll(async () => {
  backends = await Promise.all(['a', 'b', 'c', 'd'].map((name) => startBackend(name)))
  headgate = await startTestStandalone()
  await headgate.write('base', [gateway('gw'), ...backends.map((each) => backend(each))].join('---'))
}, 60_000)

afterAll(async () => {
  await headgate?.stop()
  await Promise.all((backends ?? []).map((each) => each.close()))
})

/** Which backend answers, or the status. */
async function answerer(request: Parameters<Standalone['send']>[2]): Promise<string | number> {
  const answer = await headgate.send('default/gw', 80, { host: 'match.example.com', ...request })
  return answer.echo?.backend ?? answer.status
}

const route = (rules: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: match}
spec:
  parentRefs: [{name: gw}]
  hostnames: [match.example.com]
  rules: ${rules}
`
const to = (name: string) => `backendRefs: [{group: headgate.dev, kind: Backend, name: ${name}}]`

feature(
  ['HTTPRoute spec.rules.matches.path.type', 'HTTPRoute spec.rules.matches.path.value'],
  'matches paths exactly, by segments and by expression',
  async () => {
    await headgate.write(
      'route',
      route(`
  - {matches: [{path: {type: Exact, value: /exact}}], ${to('a')}}
  - {matches: [{path: {type: PathPrefix, value: /prefix}}], ${to('b')}}
  - {matches: [{path: {type: RegularExpression, value: '/(users|orders|products)/[a-zA-Z0-9_-]{1,64}'}}], ${to('c')}}`),
    )
    expect(await answerer({ path: '/exact' })).toBe('a')
    expect(await answerer({ path: '/exact?q=1' })).toBe('a')
    expect(await answerer({ path: '/exact/' })).toBe(404)
    expect(await answerer({ path: '/prefix' })).toBe('b')
    expect(await answerer({ path: '/prefix/' })).toBe('b')
    expect(await answerer({ path: '/prefix/deeper' })).toBe('b')
    expect(await answerer({ path: '/prefixed' })).toBe(404)
    expect(await answerer({ path: '/users/Some-One_1' })).toBe('c')
    expect(await answerer({ path: '/users/some.one' })).toBe(404)
    expect(await answerer({ path: '/users/x/y' })).toBe(404)
  },
)

feature(['HTTPRoute spec.rules.matches.method'], 'matches the method', async () => {
  await headgate.write('route', route(`[{matches: [{method: POST}], ${to('a')}}, {matches: [{method: GET}], ${to('b')}}]`))
  expect(await answerer({ method: 'POST' })).toBe('a')
  expect(await answerer({ method: 'GET' })).toBe('b')
  expect(await answerer({ method: 'PUT' })).toBe(404)
})

it('matches paths whatever is escaped in them without need', async () => {
  await headgate.write(
    'route',
    route(`
  - {matches: [{path: {type: Exact, value: /%7Euser%2eof}}], ${to('a')}}
  - {matches: [{path: {type: PathPrefix, value: /%61pi%5f}}], ${to('b')}}
  - {matches: [{path: {type: Exact, value: /a%20b}}], ${to('c')}}`),
  )
  for (const path of ['/~user.of', '/%7Euser%2Eof', '/%7euser.of']) expect(await answerer({ path })).toBe('a')
  for (const path of ['/api_/x', '/%61pi%5F']) expect(await answerer({ path })).toBe('b')
  expect(await answerer({ path: '/a%20b' })).toBe('c')
  expect(await answerer({ path: '/a+b' })).toBe(404)
})

feature(
  ['HTTPRoute spec.rules.matches.headers.{name,type,value}', 'HTTPRoute spec.rules.matches.queryParams.{name,type,value}'],
  'matches headers and query parameters, exactly and by expression',
  async () => {
    for (const [field, ask] of [
      ['headers', (name: string, value: string) => answerer({ headers: { [name.toUpperCase()]: value } })],
      ['queryParams', (name: string, value: string) => answerer({ path: `/?${name}=${encodeURIComponent(value)}` })],
    ] as const) {
      await headgate.write(
        'route',
        route(`
  - {matches: [{${field}: [{name: x-who, value: ann}]}], ${to('a')}}
  - {matches: [{${field}: [{name: x-who, type: Exact, value: bob}]}], ${to('b')}}
  - {matches: [{${field}: [{name: x-who, type: RegularExpression, value: 'c[a-z]+'}]}], ${to('c')}}
  - {matches: [{${field}: [{name: x-other, value: ann}]}], ${to('d')}}`),
      )
      const rows: readonly (readonly [name: string, value: string, want: string | number])[] = [
        ['x-who', 'ann', 'a'],
        ['x-who', 'bob', 'b'],
        ['x-who', 'carol', 'c'],
        ['x-who', 'Carol', 404],
        ['x-who', 'a carol', 404],
        ['x-who', 'c[a-z]+', 404],
        ['x-other', 'ann', 'd'],
        ['x-none', 'ann', 404],
      ]
      for (const [name, value, want] of rows) expect([field, name, value, await ask(name, value)]).toEqual([field, name, value, want])
    }
  },
)

feature(
  ['HTTPRoute spec.rules.matches.queryParams.value'],
  'matches the value of a query parameter however clients encode it',
  async () => {
    await headgate.write('route', route(`\n  - {matches: [{queryParams: [{name: q, value: 'a b&c/ü'}]}], ${to('a')}}`))
    const rows: readonly (readonly [query: string, want: string | number])[] = [
      ['q=a%20b%26c%2F%C3%BC', 'a'],
      ['q=a+b%26c/%c3%bc', 'a'],
      ['q=a%20b&c=/', 404],
      ['q=a%2520b%26c%2F%C3%BC', 404],
    ]
    for (const [query, want] of rows) expect([query, await answerer({ path: `/?${query}` })]).toEqual([query, want])
  },
)

feature(
  ['HTTPRoute spec.rules.matches.path.type', 'HTTPRoute spec.rules.matches.{method,headers.name,queryParams.name}'],
  'lets the more specific match win, wherever it stands',
  async () => {
    await headgate.write(
      'route',
      route(`
  - {matches: [{path: {value: /}}], ${to('a')}}
  - {matches: [{path: {value: /long}}], ${to('b')}}
  - {matches: [{path: {value: /long}, headers: [{name: x-one, value: '1'}]}], ${to('c')}}
  - {matches: [{path: {type: Exact, value: /long/exact}}], ${to('d')}}
  - {matches: [{path: {value: /long}, method: DELETE}], ${to('a')}}`),
    )
    expect(await answerer({ path: '/x' })).toBe('a')
    expect(await answerer({ path: '/long/x' })).toBe('b')
    expect(await answerer({ path: '/long/x', headers: { 'x-one': '1' } })).toBe('c')
    expect(await answerer({ path: '/long/exact', headers: { 'x-one': '1' } })).toBe('d')
    expect(await answerer({ path: '/long/x', method: 'DELETE', headers: { 'x-one': '1' } })).toBe('a')
  },
)
