/** BackendTrafficPolicy: limits that all Envoys count together, with the real rate limit service and a real Redis. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { backend, gateway, httpRoute, to, under } from '../features/manifests.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { brief, type Standalone, startTestStandalone } from '../support/standalone.js'
import { ABOUT_ROUTE, onRoute, policy } from './backend-traffic.js'
import { policyField } from './coverage/policy-field.js'
import { type RateLimitService, startRateLimitService } from './rate-limit-service.js'
import { securityPolicy } from './support/attempts.js'
import { createIssuer } from './support/tokens.js'

type Question = Parameters<Standalone['send']>[2]

let service: RateLimitService
let headgate: Standalone
let app: TestBackend
let policies = 0

beforeAll(async () => {
  service = await startRateLimitService()
  app = await startBackend('a')
  headgate = await startTestStandalone({ rateLimitService: { host: '127.0.0.1', port: service.port } })
  await headgate.write('base', [gateway('gw'), backend(app)].join('---'))
  await serve()
}, 60_000)
afterAll(async () => {
  await headgate.stop()
  await Promise.all([app.close(), service.stop()])
})

const serve = (): Promise<void> => service.start(headgate.running.xdsPort, join(headgate.folders.state, 'trust'))
const ROUTE = httpRoute('r', `[{name: one, ${under('/one', to('a')).slice(1)}, {name: other, ${under('/other', to('a')).slice(1)}]`)

/** A policy whose name nobody used before, so that nothing is counted yet; waits until the service knows it. */
async function limited(rules: string, more = ''): Promise<void> {
  policies += 1
  const name = `p${policies}`
  await headgate.write('objects', [ROUTE, onRoute(`rateLimit: {type: Global, rules: [${rules}]${more}}`, name)].join('---'))
  expect(brief(conditions(name))).toEqual(['Accepted=True/Accepted'])
  await eventually(async () => expect(await service.domains()).toContain(`headgate/default/${name}.`), 30_000)
}

function conditions(name: string) {
  const status = headgate.status(`BackendTrafficPolicy/default/${name}`)
  return status.shape === 'policy' ? (status.ancestors[0]?.conditions ?? []) : []
}
const ask = (question: Partial<Question> = {}) => headgate.send('default/gw', 80, { host: 'example.com', path: '/one', ...question })
async function asked(questions: readonly Partial<Question>[]): Promise<readonly number[]> {
  const found: number[] = []
  for (const question of questions) found.push((await ask(question)).status)
  return found
}
const times = (count: number, question: Partial<Question> = {}): readonly Partial<Question>[] =>
  Array.from({ length: count }, () => question)
const TWO = 'limit: {requests: 2, unit: Year}'

const issuer = createIssuer('https://good.example')
const TOKENS = securityPolicy(
  `${ABOUT_ROUTE}, jwt: {optional: true, providers: [{name: good, issuer: "${issuer.issuer}", localJWKS: {inline: '${issuer.jwks}'}}]}`,
  'tokens',
)
const bearer = (claims: Readonly<Record<string, unknown>>) => ({ headers: { authorization: `Bearer ${issuer.token(claims)}` } })

describe('rateLimit Global', () => {
  policyField(
    ['BackendTrafficPolicy rateLimit.{type,rules.limit.requests,rules.limit.unit}'],
    'so many requests in a time, counted elsewhere',
    async () => {
      for (const unit of ['Hour', 'Day', 'Week', 'Month', 'Year']) {
        await limited(`{limit: {requests: 2, unit: ${unit}}}`)
        expect(await asked(times(3))).toEqual([200, 200, 429])
      }
      await limited('{limit: {requests: 0, unit: Day}}')
      expect(await asked(times(1))).toEqual([429])
    },
  )

  policyField(
    ['BackendTrafficPolicy rateLimit.rules.clientSelectors.{headers,queryParams,methods,path,sourceCIDR}'],
    'who counts',
    async () => {
      await limited(`{clientSelectors: [{headers: [{name: X-User, type: Distinct}, {name: X-Plan, value: free}]}], ${TWO}}`)
      const user = (name: string, plan = 'free') => ({ headers: { 'x-user': name, 'x-plan': plan } })
      expect(await asked([...times(3, user('a')), ...times(3, user('b')), ...times(3, user('a', 'paid'))])).toEqual([
        200, 200, 429, 200, 200, 429, 200, 200, 200,
      ])
      await limited(
        `{clientSelectors: [{methods: [{value: POST}], path: {value: /one}, queryParams: [{name: k, type: Distinct}]}], ${TWO}}`,
      )
      const post = (path: string) => ({ method: 'POST', path })
      expect(await asked([...times(3, post('/one?k=1')), post('/one?k=2'), { path: '/one?k=1' }])).toEqual([200, 200, 429, 200, 200])
      await limited(`{clientSelectors: [{sourceCIDR: {value: 0.0.0.0/0, type: Distinct}}], ${TWO}}`)
      expect(await asked([...times(3), ...times(3, { localAddress: '127.0.0.77' })])).toEqual([200, 200, 429, 200, 200, 429])
    },
  )

  policyField(['BackendTrafficPolicy rateLimit.rules.clientSelectors.jwtClaims.{provider,claim}'], 'by claims of tokens', async () => {
    await headgate.write('tokens', TOKENS)
    await limited(`{clientSelectors: [{jwtClaims: [{provider: good, claim: tenant.id}]}], ${TWO}}`)
    for (const id of ['ann', 'b: "%" é', 41, 1_234_567_890_123, true]) {
      expect([id, await asked(times(3, bearer({ tenant: { id } })))]).toEqual([id, [200, 200, 429]])
    }
    for (const question of [{}, bearer({}), bearer({ tenant: 'ann' }), bearer({ tenant: { id: ['ann'] } })]) {
      expect(await asked(times(3, question))).toEqual([200, 200, 200])
    }
    // What a client says besides its token does not count.
    expect(await asked([{ headers: { ...bearer({ tenant: { id: 'ann' }, jti: 'x' }).headers, 'x-tenant-id': 'eve' } }])).toEqual([429])
    await headgate.remove('tokens')
  })

  policyField(['BackendTrafficPolicy rateLimit.rules.limit.fromMetadata.{namespace,key,path}'], 'so many as a token says', async () => {
    await headgate.write('tokens', TOKENS)
    const from = (more = '') =>
      `limit: {requests: 2, unit: Year, fromMetadata: {namespace: envoy.filters.http.jwt_authn, key: good${more}}}`
    const each = 'clientSelectors: [{jwtClaims: [{provider: good, claim: sub}]}]'
    const may = (sub: string, limit: unknown) => bearer({ sub, limit })
    await limited(`{${each}, ${from(', path: [limit]')}}`)
    expect(await asked(times(4, may('ann', { requests_per_unit: 3, unit: 'YEAR' })))).toEqual([200, 200, 200, 429])
    expect(await asked(times(2, may('bob', { requests_per_unit: 1, unit: 'DAY' })))).toEqual([200, 429])
    for (const nonsense of [
      undefined,
      5,
      'many',
      {},
      { requests_per_unit: 9 },
      { requests_per_unit: 'many', unit: 'YEAR' },
      { requests_per_unit: 9, unit: 'AGE' },
    ]) {
      expect([nonsense, await asked(times(3, may(`eve-${JSON.stringify(nonsense)}`, nonsense)))]).toEqual([nonsense, [200, 200, 429]])
    }
    await limited(`{${each}, ${from()}}`)
    expect(await asked(times(2, bearer({ sub: 'ann', requests_per_unit: 1, unit: 'HOUR' })))).toEqual([200, 429])
    await headgate.remove('tokens')
  })

  policyField(['BackendTrafficPolicy rateLimit.rules.shared'], 'rules of routes count for themselves, or together', async () => {
    const both = [...times(2), ...times(2, { path: '/other' })]
    await limited(`{${TWO}}`)
    expect(await asked(both)).toEqual([200, 200, 200, 200])
    await limited(`{shared: true, ${TWO}}`)
    expect(await asked(both)).toEqual([200, 200, 429, 429])
  })

  policyField(
    ['BackendTrafficPolicy rateLimit.rules.cost.{request.number,request.format,response.number,response.format}'],
    'requests and answers cost',
    async () => {
      await limited('{cost: {request: {number: 5}}, limit: {requests: 10, unit: Year}}')
      expect(await asked(times(3))).toEqual([200, 200, 429])
      await limited('{cost: {request: {format: "%REQ(x-cost)%"}}, limit: {requests: 10, unit: Year}}')
      expect(await asked(times(3, { headers: { 'x-cost': '4' } }))).toEqual([200, 200, 429])
      for (const response of ['number: 10', 'format: "%RESP(x-tokens)%"']) {
        await limited(`{cost: {request: {number: 0}, response: {${response}}}, limit: {requests: 15, unit: Year}}`)
        const question = { path: '/one?header=x-tokens:10' }
        expect((await ask(question)).status).toBe(200)
        // The question about the answer is asked behind it.
        await eventually(async () => expect((await ask(question)).status).toBe(429), 20_000)
      }
    },
  )

  policyField(['BackendTrafficPolicy rateLimit.rules.shadowMode'], 'counts and turns nobody away', async () => {
    await limited(`{shadowMode: true, ${TWO}}`)
    expect(await asked(times(4))).toEqual([200, 200, 200, 200])
  })

  policyField(['BackendTrafficPolicy rateLimit.headers'], 'answers say what is left', async () => {
    await limited(`{${TWO}}`, ', headers: DraftVersion03')
    expect((await ask()).headers).toMatchObject({ 'x-ratelimit-remaining': '1', 'x-ratelimit-limit': expect.stringMatching(/^2/) })
  })

  it('a change of a limit is known to the service, and a policy that is gone as well', async () => {
    await limited(`{${TWO}}`)
    const name = `headgate/default/p${policies}.`
    await headgate.write('objects', ROUTE)
    await eventually(async () => expect(await service.domains()).not.toContain(name), 30_000)
    expect(await asked(times(4))).toEqual([200, 200, 200, 200])
  })

  policyField(['BackendTrafficPolicy rateLimit.failOpen'], 'without the service requests fail, or pass', async () => {
    await limited(`{${TWO}}`)
    await service.pause()
    expect(await asked(times(2))).toEqual([500, 500])
    policies += 1
    await headgate.write(
      'objects',
      [ROUTE, onRoute(`rateLimit: {type: Global, failOpen: true, rules: [{${TWO}}]}`, `p${policies}`)].join('---'),
    )
    expect(await asked(times(4))).toEqual([200, 200, 200, 200])
    await serve()
    await eventually(async () => expect((await ask()).status).toBe(429), 40_000)
  })

  it('without Redis requests fail, or pass; when it comes back it counts anew', async () => {
    await limited(`{${TWO}}`)
    expect(await asked(times(3))).toEqual([200, 200, 429])
    await service.stopRedis()
    expect(await asked(times(3))).toEqual([500, 500, 500])
    await service.startRedis()
    await eventually(async () => expect((await ask()).status).toBe(429), 40_000)
    await limited(`{${TWO}}`, ', failOpen: true')
    expect(await asked(times(3))).toEqual([200, 200, 429])
    await service.stopRedis()
    expect(await asked(times(3))).toEqual([200, 200, 200])
    await service.startRedis()
    await eventually(async () => expect((await ask()).status).toBe(429), 40_000)
  })

  it.each([
    { what: 'a header', selector: 'headers: [{name: x-user, type: Distinct}]', bad: { headers: { 'x-user': 'J\u00fcrgen' } } },
    { what: 'a parameter', selector: 'queryParams: [{name: user, type: Distinct}]', bad: { path: '/one?user=%FF' } },
  ])('$what that is no text is counted: the service reads no such question, so all limits of the policy let it pass', async (each) => {
    const { selector, bad } = each
    const rules = `{clientSelectors: [{${selector}}], ${TWO}}, {limit: {requests: 5, unit: Year}}`
    for (const more of ['', ', failOpen: true']) {
      await limited(rules, more)
      expect(await asked(times(3, bad))).toEqual([200, 200, 429])
      // It is a count of its own, apart from those of texts; and whoever says nothing is not counted by the rule.
      const good = { headers: { 'x-user': Buffer.from('é').toString('latin1') }, path: '/one?user=%C3%A9' }
      expect(await asked([...times(2, good), ...times(2)])).toEqual([200, 200, 429, 429])
    }
  })

  it('one that is no text among several is counted, once', async () => {
    const selector = 'headers: [{name: x-a, type: Distinct}, {name: x-b, type: Distinct}], queryParams: [{name: c, type: Distinct}]'
    await limited(`{clientSelectors: [{${selector}}], ${TWO}}`)
    const question = (a: string, b: string, c: string) => ({ headers: { 'x-a': a, 'x-b': b }, path: `/one?c=${c}` })
    expect(await asked(times(3, question('1', '2', '3')))).toEqual([200, 200, 429])
    expect(await asked([question('\u00fc', '2', '3'), question('1', '\u00fc', '%ff'), question('1', '2', '%ff')])).toEqual([200, 200, 429])
    expect(await asked(times(3, { headers: { 'x-a': '\u00fc' }, path: '/one?c=%ff' }))).toEqual([200, 200, 200])
  })

  it('long values are counted together, with those that are no text: Redis keeps what is counted', async () => {
    await limited(`{clientSelectors: [{headers: [{name: x-user, type: Distinct}]}], ${TWO}}`)
    const user = (name: string) => ({ headers: { 'x-user': name } })
    const long = (start: string): string => start.padEnd(5_000, 'x')
    expect(await asked([...times(3, user('a'.padEnd(4_096, 'x'))), user('b')])).toEqual([200, 200, 429, 200])
    expect(await asked([user(long('a')), user(long('b')), user(long('c')), user('\u00fc')])).toEqual([200, 200, 429, 429])
    // Nobody names the value that stands for them.
    expect(await asked(times(2, user('other')))).toEqual([200, 200])
    await limited(
      `{clientSelectors: [{headers: [{name: x-user, type: Distinct}], queryParams: [{name: k, type: Distinct}, {name: l, type: Distinct}]}], ${TWO}}`,
    )
    const both = (name: string, k: string) => ({ ...user(name), path: `/one?k=${k}&l=1` })
    expect(await asked([both('a', long('k')), both(long('a'), 'k'), both('\u00fc', '%ff'), both('a', 'k')])).toEqual([200, 200, 429, 200])
    expect(await asked(times(3, { ...user('a'), path: `/one?k=${long('k')}` }))).toEqual([200, 200, 200])
  })

  it('counts of two Gateways stay apart or go together as their policies, routes and namespaces do', async () => {
    const at = (gatewayName: string) => (path: string, count: number) =>
      Promise.all(Array.from({ length: count }, () => headgate.send(gatewayName, 80, { host: 'example.com', path }))).then((answers) =>
        answers.map(({ status }) => status).sort(),
      )
    const [here, there] = [at('default/gw'), at('elsewhere/gw')]
    policies += 1
    const name = `p${policies}`
    // The same names in two namespaces, but for one route that hangs on both Gateways.
    const limit = (rules: string, target: string, more = '') =>
      policy(`targetRefs: [{group: gateway.networking.k8s.io, ${target}}], rateLimit: {type: Global, rules: [${rules}]}`, `${name}${more}`)
    const shared = `{shared: true, ${TWO}}`
    const world = (parents: string) => [
      gateway('gw'),
      backend(app),
      httpRoute('own', `[${under('/own', to('a'))}]`),
      httpRoute('more', `[${under('/more', to('a'))}]`),
      limit(shared, 'kind: Gateway, name: gw'),
      parents,
    ]
    const both = [
      httpRoute('both', `[${under('/both', to('a'))}]`, 'parentRefs: [{name: gw}, {name: gw, namespace: elsewhere}]'),
      limit(`{${TWO}}`, 'kind: HTTPRoute, name: both', '-both'),
    ].join('---')
    const elsewhere = (yaml: string): string =>
      yaml.replaceAll(/metadata: {name: ([a-z0-9-]+)}/g, 'metadata: {name: $1, namespace: elsewhere}')
    await headgate.write('objects', [...world(both).slice(2)].join('---'))
    await headgate.write('elsewhere', elsewhere(world('').slice(0, -1).join('---')))
    await eventually(async () => {
      const known = await service.domains()
      for (const domain of [`default/${name}`, `elsewhere/${name}`, `default/${name}-both`]) expect(known).toContain(`headgate/${domain}.`)
    }, 30_000)
    // A policy of the same name in another namespace counts for itself; what is shared is so among the routes of its Gateway.
    expect(await here('/own', 2)).toEqual([200, 200])
    expect([await here('/own', 1), await here('/more', 1)]).toEqual([[429], [429]])
    expect(await there('/own', 2)).toEqual([200, 200])
    expect([await there('/own', 1), await there('/more', 1)]).toEqual([[429], [429]])
    // One policy about one route counts once, wherever the route is reached.
    expect([await here('/both', 1), await there('/both', 1)]).toEqual([[200], [200]])
    expect([await here('/both', 1), await there('/both', 1)]).toEqual([[429], [429]])
    await headgate.remove('elsewhere')
  })

  it('one bad policy takes no limit from another', async () => {
    await limited(`{${TWO}}`)
    await headgate.write(
      'bad',
      policy(
        'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}], rateLimit: {type: Global, rules: [{clientSelectors: [{path: {value: x}}], limit: {requests: 1, unit: Hour}}]}',
        'bad',
      ),
    )
    expect(brief(conditions('bad'))).toEqual(['Accepted=False/UnsupportedValue'])
    expect(await asked(times(3))).toEqual([200, 200, 429])
    await headgate.remove('bad')
  })
})
