/** BackendTrafficPolicy: limits that each Envoy counts for itself. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { httpRoute, to } from '../features/manifests.js'
import { featureWorld, type Question } from '../features/world.js'
import { ABOUT_GATEWAY, ABOUT_ROUTE, GOOD, onRoute, policy, routeTo, said } from './backend-traffic.js'
import { policyField } from './coverage/policy-field.js'
import { statistic } from './proxy.js'
import { securityPolicy } from './support/attempts.js'
import { secret } from './support/secrets.js'

const world = featureWorld(['a'])

/** Other rules than before: counts begin anew. */
async function limited(rules: string, more = ''): Promise<void> {
  await world.write(routeTo('a'), onRoute(`rateLimit: {type: Local, rules: [${rules}]${more}}`))
  expect(said(world)).toEqual(GOOD)
}

/** The statuses of questions, one after the other. */
async function asked(questions: readonly Question[]): Promise<readonly number[]> {
  const found: number[] = []
  for (const question of questions) found.push((await world.ask(question)).status)
  return found
}
const times = (count: number, question: Question = {}): readonly Question[] => Array.from({ length: count }, () => question)
const HOUR = 'limit: {requests: 2, unit: Hour}'

describe('rateLimit Local', () => {
  policyField(['BackendTrafficPolicy rateLimit.{type,rules.limit.requests,rules.limit.unit}'], 'so many requests in a time', async () => {
    await limited(`{${HOUR}}`)
    expect(await asked(times(4))).toEqual([200, 200, 429, 429])
    for (const unit of ['Minute', 'Day', 'Week', 'Month', 'Year']) {
      await limited(`{limit: {requests: 1, unit: ${unit}}}`)
      expect(await asked(times(3))).toEqual([200, 429, 429])
    }
    await limited('{limit: {requests: 1000, unit: Second}}')
    expect(await asked(times(5))).toEqual([200, 200, 200, 200, 200])
    await limited('{limit: {requests: 0, unit: Hour}}')
    expect(await asked(times(2))).toEqual([429, 429])
  })

  policyField(
    ['BackendTrafficPolicy rateLimit.rules.clientSelectors.headers.{name,type,value,invert}'],
    'headers: a value, an expression, each value, and all others',
    async () => {
      const of = (plan: string): Question => ({ headers: { 'x-plan': plan } })
      await limited(`{clientSelectors: [{headers: [{name: X-Plan, value: free}]}], ${HOUR}}`)
      expect(await asked([...times(3, of('free')), of('paid'), {}])).toEqual([200, 200, 429, 200, 200])
      await limited(`{clientSelectors: [{headers: [{name: X-Plan, type: RegularExpression, value: "fr.*"}]}], ${HOUR}}`)
      expect(await asked([of('free'), of('frugal'), of('free'), of('a free')])).toEqual([200, 200, 429, 200])
      await limited(`{clientSelectors: [{headers: [{name: X-Plan, type: Distinct}]}], ${HOUR}}`)
      expect(await asked([...times(3, of('a')), ...times(3, of('b')), ...times(3)])).toEqual([200, 200, 429, 200, 200, 429, 200, 200, 200])
      await limited(`{clientSelectors: [{headers: [{name: X-Plan, value: paid, invert: true}]}], ${HOUR}}`)
      expect(await asked([of('free'), {}, of('other'), of('paid')])).toEqual([200, 200, 429, 200])
    },
  )

  policyField(
    ['BackendTrafficPolicy rateLimit.rules.beforeAuthentication'],
    'before anybody is asked who they are, or after it',
    async () => {
      const hash = createHash('sha1').update('geheim').digest('base64')
      const users = [
        secret('users', { '.htpasswd': `ann:{SHA}${hash}` }),
        securityPolicy(`${ABOUT_ROUTE}, basicAuth: {users: {name: users}}`, 's'),
      ]
      const as = (password: string): Question => ({
        headers: { authorization: `Basic ${Buffer.from(`ann:${password}`).toString('base64')}` },
      })
      const write = async (rules: string, more = '') => {
        await world.write(routeTo('a'), ...users, onRoute(`rateLimit: {type: Local, rules: [${rules}]}${more}`))
        expect(said(world)).toEqual(GOOD)
      }
      await write(`{${HOUR}}`)
      expect(await asked([...times(4, as('guess')), ...times(3, as('geheim'))])).toEqual([401, 401, 401, 401, 200, 200, 429])
      await write(`{clientSelectors: [{sourceCIDR: {type: Distinct, value: 0.0.0.0/0}}], ${HOUR}, beforeAuthentication: true}`)
      expect(await asked([...times(4, as('guess')), as('geheim')])).toEqual([401, 401, 429, 429, 429])
      // Each has a count of its own, and the answer may be another one.
      const other = ', responseOverride: [{match: {statusCodes: [{type: Value, value: 429}]}, response: {statusCode: 503}}]'
      await write(`{limit: {requests: 4, unit: Hour}, beforeAuthentication: true}, {limit: {requests: 1, unit: Hour}}`, other)
      expect(await asked([as('guess'), ...times(2, as('geheim')), as('guess'), as('guess')])).toEqual([401, 200, 503, 401, 503])
      // By then nobody knows whose token it is, and a service cannot be waited for.
      for (const limit of [
        `type: Local, rules: [{clientSelectors: [{jwtClaims: [{provider: p, claim: sub}]}], ${HOUR}, beforeAuthentication: true}]`,
        `type: Global, rules: [{${HOUR}, beforeAuthentication: true}]`,
      ]) {
        await world.write(routeTo('a'), onRoute(`rateLimit: {${limit}}`))
        expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
      }
    },
  )

  policyField(
    ['BackendTrafficPolicy rateLimit.rules.limit.fromMetadata.{namespace,key}'],
    'limits from metadata go with Global',
    async () => {
      const from = 'limit: {requests: 1, unit: Hour, fromMetadata: {namespace: a, key: b}}'
      await world.write(routeTo('a'), onRoute(`rateLimit: {type: Local, rules: [{${from}}]}`))
      expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
      expect(await asked(times(2))).toEqual([200, 200])
    },
  )

  policyField(
    ['BackendTrafficPolicy rateLimit.rules.clientSelectors.queryParams.{name,type,value,invert}'],
    'query parameters',
    async () => {
      const of = (key: string): Question => ({ path: `/?key=${key}` })
      await limited(`{clientSelectors: [{queryParams: [{name: key, value: x}]}], ${HOUR}}`)
      expect(await asked([...times(3, of('x')), of('y'), {}])).toEqual([200, 200, 429, 200, 200])
      await limited(`{clientSelectors: [{queryParams: [{name: key, type: RegularExpression, value: "x+"}]}], ${HOUR}}`)
      expect(await asked([of('x'), of('xx'), of('xxx'), of('y')])).toEqual([200, 200, 429, 200])
      await limited(`{clientSelectors: [{queryParams: [{name: key, type: Distinct}]}], ${HOUR}}`)
      expect(await asked([...times(3, of('x')), of('y'), {}])).toEqual([200, 200, 429, 200, 200])
      await limited(`{clientSelectors: [{queryParams: [{name: key, value: x, invert: true}]}], ${HOUR}}`)
      expect(await asked([of('y'), {}, of('z'), of('x')])).toEqual([200, 200, 429, 200])
    },
  )

  it('counts long values together: an Envoy keeps what it counts', async () => {
    await limited(`{clientSelectors: [{headers: [{name: x-user, type: Distinct}, {name: x-org, type: Distinct}]}], ${HOUR}}`)
    const of = (user: string, org = 'o'): Question => ({ headers: { 'x-user': user, 'x-org': org } })
    const long = (start: string): string => start.padEnd(5_000, 'x')
    const almost = (start: string): string => start.padEnd(4_096, 'x')
    expect(await asked([of(almost('a')), of(almost('a')), of(almost('a')), of(almost('b'))])).toEqual([200, 200, 429, 200])
    expect(await asked([of(long('a')), of(long('b')), of(long('c')), of('a', long('a')), of('other')])).toEqual([200, 200, 429, 429, 200])
    // Nobody names the value that stands for them.
    expect(await asked(times(2, of('other', 'other')))).toEqual([200, 200])
    // What is no text has a length as well.
    expect(await asked([...times(3, of('\u00fc')), ...times(2, of('\u00fc'.padEnd(5_000, '\u00ff')))])).toEqual([200, 200, 429, 429, 429])
    expect(await asked(times(3, of('')))).toEqual([200, 200, 429])
    await limited(`{clientSelectors: [{queryParams: [{name: k, type: Distinct}]}], ${HOUR}}`)
    const with_ = (query: string): Question => ({ path: `/?${query}` })
    expect(await asked([with_(`k=${long('a')}`), with_(`pad=${long('b')}&k=c`), with_(`k=${long('c')}`), with_('k=c')])).toEqual([
      200, 200, 429, 200,
    ])
    expect(await asked(times(3, with_(`other=${long('a')}`)))).toEqual([200, 200, 200])
    expect(await asked([with_('k=%FF&x=%C3'), with_('k=%FF'), with_('k=%FF'), with_('k'), with_('k='), with_('k')])).toEqual([
      200, 200, 429, 200, 200, 429,
    ])
    const client = world.headgate.http2('default/gw', 80)
    const raw = async () => (await client.send({ host: 'example.com', path: '/?k=d&\u00ff' })).status
    // Such a path is nothing that the backend takes, and is counted all the same.
    expect([await raw(), await raw(), await raw()]).toEqual([400, 400, 429])
    client.close()
  })

  policyField(['BackendTrafficPolicy rateLimit.rules.clientSelectors.methods.{value,invert}'], 'methods', async () => {
    const of = (method: string): Question => ({ method })
    await limited(`{clientSelectors: [{methods: [{value: POST}, {value: PUT}]}], ${HOUR}}`)
    expect(await asked([of('POST'), of('PUT'), of('POST'), of('GET')])).toEqual([200, 200, 429, 200])
    await limited(`{clientSelectors: [{methods: [{value: GET, invert: true}]}], ${HOUR}}`)
    expect(await asked([of('POST'), of('DELETE'), of('PUT'), of('GET')])).toEqual([200, 200, 429, 200])
  })

  policyField(['BackendTrafficPolicy rateLimit.rules.clientSelectors.path.{type,value,invert}'], 'paths', async () => {
    const of = (path: string): Question => ({ path })
    await limited(`{clientSelectors: [{path: {value: /api}}], ${HOUR}}`)
    expect(await asked([of('/api'), of('/api/x?y'), of('/api?z'), of('/apis'), of('/')])).toEqual([200, 200, 429, 200, 200])
    await limited(`{clientSelectors: [{path: {type: Exact, value: /api}}], ${HOUR}}`)
    expect(await asked([of('/api'), of('/api?x'), of('/api'), of('/api/x')])).toEqual([200, 200, 429, 200])
    // As requests have it when they are counted: what need not be escaped is not.
    await limited(`{clientSelectors: [{path: {type: Exact, value: /%7Ebob}}], ${HOUR}}`)
    expect(await asked([of('/~bob'), of('/%7Ebob'), of('/~bob')])).toEqual([200, 200, 429])
    await limited(`{clientSelectors: [{path: {value: /%7Eann}}], ${HOUR}}`)
    expect(await asked([of('/~ann'), of('/%7Eann/x'), of('/~ann')])).toEqual([200, 200, 429])
    await limited(`{clientSelectors: [{path: {type: RegularExpression, value: "/v[0-9]+/.*"}}], ${HOUR}}`)
    expect(await asked([of('/v1/a'), of('/v2/b?q=/v3/'), of('/v1/a'), of('/va/a')])).toEqual([200, 200, 429, 200])
    await limited(`{clientSelectors: [{path: {value: /free, invert: true}}], ${HOUR}}`)
    expect(await asked([of('/a'), of('/b'), of('/c'), of('/free')])).toEqual([200, 200, 429, 200])
  })

  policyField(['BackendTrafficPolicy rateLimit.rules.clientSelectors.sourceCIDR.{type,value,invert}'], 'addresses of clients', async () => {
    await limited(`{clientSelectors: [{sourceCIDR: {value: 127.0.0.0/8}}], ${HOUR}}`)
    expect(await asked(times(3))).toEqual([200, 200, 429])
    await limited(`{clientSelectors: [{sourceCIDR: {value: 10.0.0.0/8}}], ${HOUR}}`)
    expect(await asked(times(3))).toEqual([200, 200, 200])
    await limited(`{clientSelectors: [{sourceCIDR: {value: 10.0.0.0/8, invert: true}}], ${HOUR}}`)
    expect(await asked(times(3))).toEqual([200, 200, 429])
    await limited(`{clientSelectors: [{sourceCIDR: {value: 0.0.0.0/0, type: Distinct}}], ${HOUR}}`)
    expect(await asked([...times(3), ...times(3, { localAddress: '127.0.0.77' })])).toEqual([200, 200, 429, 200, 200, 429])
  })

  policyField(['BackendTrafficPolicy rateLimit.rules.cost.request.{number,format}'], 'a request counts for more', async () => {
    await limited('{cost: {request: {number: 5}}, limit: {requests: 10, unit: Hour}}')
    expect(await asked(times(3))).toEqual([200, 200, 429])
    await limited('{cost: {request: {format: "%REQ(x-cost)%"}}, limit: {requests: 10, unit: Hour}}')
    expect(await asked(times(3, { headers: { 'x-cost': '4' } }))).toEqual([200, 200, 429])
    // What is no number is not counted, as the page says: hence the rule beside it.
    await limited(`{cost: {request: {format: "%REQ(x-cost)%"}}, limit: {requests: 1, unit: Hour}}, {limit: {requests: 3, unit: Hour}}`)
    expect(await asked(times(4))).toEqual([200, 200, 200, 429])
  })

  policyField(['BackendTrafficPolicy rateLimit.rules.shadowMode'], 'counts and turns nobody away', async () => {
    await limited(`{shadowMode: true, ${HOUR}}`)
    expect(await asked(times(4))).toEqual([200, 200, 200, 200])
  })

  policyField(['BackendTrafficPolicy rateLimit.headers'], 'answers say what is left', async () => {
    await limited(`{${HOUR}}`, ', headers: DraftVersion03')
    const left = async (): Promise<unknown> => (await world.ask()).headers['x-ratelimit-remaining']
    expect([await left(), await left(), await left()]).toEqual(['1', '0', '0'])
    expect((await world.ask()).headers).toMatchObject({
      'x-ratelimit-limit': expect.stringMatching(/^2/),
      'x-ratelimit-reset': expect.any(String),
    })
    await limited(`{${HOUR}}`)
    expect((await world.ask()).headers['x-ratelimit-limit']).toBeUndefined()
  })

  it('several rules: each counts, and one that is used up is enough', async () => {
    const free = 'clientSelectors: [{headers: [{name: x-plan, value: free}]}, {methods: [{value: GET}]}]'
    await limited(`{${free}, limit: {requests: 1, unit: Hour}}, {limit: {requests: 3, unit: Hour}}`)
    const question: Question = { headers: { 'x-plan': 'free' } }
    // What is turned away counts for nothing.
    expect(await asked([question, question, {}, {}, {}])).toEqual([200, 429, 200, 200, 429])
  })

  it('the first limit of a Gateway changes no listener, and other rules know nothing of it', async () => {
    const rules = httpRoute(
      'r',
      `[{name: free, matches: [{path: {value: /free}}], ${to('a')}}, {name: limited, matches: [{path: {value: /limited}}], ${to('a')}}]`,
    )
    await world.write(rules)
    const updates = (): Promise<number | undefined> => statistic(world, 'listener_manager.listener_modified')
    const before = await updates()
    const about = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: limited}]'
    await world.write(rules, policy(`${about}, rateLimit: {type: Local, rules: [{limit: {requests: 1, unit: Hour}}]}`))
    expect(await asked([{ path: '/limited' }, { path: '/limited' }, { path: '/free' }, { path: '/free' }])).toEqual([200, 429, 200, 200])
    expect(await updates()).toBe(before)
  })

  it.each([
    [
      'an expression',
      'rules: [{clientSelectors: [{headers: [{name: a, type: RegularExpression, value: "("}]}], limit: {requests: 1, unit: Hour}}]',
    ],
    ['a range', 'rules: [{clientSelectors: [{sourceCIDR: {value: 10.0.0.0}}], limit: {requests: 1, unit: Hour}}]'],
    ['a path', 'rules: [{clientSelectors: [{path: {value: api}}], limit: {requests: 1, unit: Hour}}]'],
    ['a count shared by routes', 'rules: [{shared: true, limit: {requests: 1, unit: Hour}}]'],
    ['a cost of nothing', 'rules: [{cost: {request: {number: 0}}, limit: {requests: 1, unit: Hour}}]'],
    ['a cost of answers', 'rules: [{cost: {response: {number: 1}}, limit: {requests: 1, unit: Hour}}]'],
  ])('refuses %s that cannot be, and serves on', async (_what, rules) => {
    await world.write(routeTo('a'), policy(`${ABOUT_GATEWAY}, rateLimit: {type: Local, ${rules}}`))
    expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
    expect(await asked(times(3))).toEqual([200, 200, 200])
  })
})
