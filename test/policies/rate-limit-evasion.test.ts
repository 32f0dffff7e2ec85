/** Ways around a rate limit, as an attacker would try them: each works where there is no limit, and none where there is one. */
import { describe, expect, it } from '@jest/globals'
import { featureWorld, type Question } from '../features/world.js'
import { onRoute, routeTo } from './backend-traffic.js'

const world = featureWorld(['a'])
let rules = 0

/** One POST to /login per address and hour; the number makes each policy another one, whose counts begin anew. */
const limit = (): string => {
  rules += 1
  const selectors = 'clientSelectors: [{methods: [{value: POST}], path: {value: /login}, sourceCIDR: {value: 0.0.0.0/0, type: Distinct}}]'
  return onRoute(
    `rateLimit: {type: Local, rules: [{${selectors}, limit: {requests: 1, unit: Hour}}, {limit: {requests: ${1000 + rules}, unit: Second}}]}`,
  )
}
const LOGIN: Question = { method: 'POST', path: '/login' }

interface Attempt {
  readonly technique: string
  readonly question?: Question
  readonly http2?: true
}

const ATTEMPTS: readonly Attempt[] = [
  { technique: 'a query', question: { path: '/login?x=1' } },
  { technique: 'an empty query', question: { path: '/login?' } },
  { technique: 'a slash more in front', question: { path: '//login' } },
  { technique: 'a segment of one dot', question: { path: '/./login' } },
  { technique: 'a segment of two dots', question: { path: '/x/../login' } },
  { technique: 'escaped dots', question: { path: '/x/%2e%2e/login' } },
  { technique: 'a slash at the end', question: { path: '/login/' } },
  { technique: 'a parameter of the path', question: { path: '/login;session=1' } },
  { technique: 'a made up x-forwarded-for', question: { headers: { 'x-forwarded-for': '203.0.113.9' } } },
  { technique: 'several of them', question: { headers: { 'x-forwarded-for': ['203.0.113.8', '203.0.113.9'] } } },
  { technique: 'a made up x-real-ip', question: { headers: { 'x-real-ip': '203.0.113.9' } } },
  { technique: 'a made up forwarded', question: { headers: { forwarded: 'for=203.0.113.9' } } },
  { technique: 'the header of Envoy for the address', question: { headers: { 'x-envoy-external-address': '203.0.113.9' } } },
  { technique: 'another method in a header', question: { headers: { 'x-http-method-override': 'GET' } } },
  { technique: 'the header of an upgrade', question: { headers: { upgrade: 'websocket' } } },
  { technique: 'another user agent', question: { headers: { 'user-agent': 'somebody else' } } },
  { technique: 'a header of Envoy for retries', question: { headers: { 'x-envoy-max-retries': '5', 'x-envoy-retry-on': '5xx' } } },
  { technique: 'the host in other letters', question: { host: 'EXAMPLE.com' } },
  { technique: 'a port behind the host', question: { host: 'example.com:8080' } },
  { technique: 'a dot behind the host', question: { host: 'example.com.' } },
  { technique: 'another host', question: { host: 'other.example.com' } },
  { technique: 'HTTP/2', http2: true },
]

async function attempt({ question = {}, http2 }: Attempt): Promise<number> {
  if (http2 !== true) return (await world.ask({ ...LOGIN, ...question })).status
  const client = world.headgate.http2('default/gw', 80)
  try {
    return (await client.send({ host: 'example.com', ...LOGIN })).status
  } finally {
    client.close()
  }
}

describe('evading a rate limit', () => {
  it.each(ATTEMPTS)('by $technique', async (each) => {
    await world.write(routeTo('a'))
    expect(await attempt(each)).toBe(200)
    await world.write(routeTo('a'), limit())
    expect((await world.ask(LOGIN)).status).toBe(200)
    expect((await world.ask(LOGIN)).status).toBe(429)
    expect(await attempt(each)).toBe(429)
  })

  it.each(['0.0.0.0/0', '::/0'])('by an address of the other family, where the range is everybody: %s', async (everybody) => {
    const forwarded = `
apiVersion: headgate.dev/v1alpha1
kind: ClientTrafficPolicy
metadata: {name: c}
spec: {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}], clientIPDetection: {xForwardedFor: {numTrustedHops: 1}}}
`
    const selector = `clientSelectors: [{sourceCIDR: {value: "${everybody}", type: Distinct}}]`
    const each = onRoute(`rateLimit: {type: Local, rules: [{${selector}, limit: {requests: 1, unit: Hour}}]}`)
    await world.write(routeTo('a'), forwarded, each)
    const from = async (address: string): Promise<number> => (await world.ask({ headers: { 'x-forwarded-for': address } })).status
    const addresses = ['203.0.113.9', '203.0.113.9', '2001:db8::1', '2001:db8::2', '203.0.113.8']
    const statuses: number[] = []
    for (const address of addresses) statuses.push(await from(address))
    expect(statuses).toEqual([200, 429, 200, 429, 200])
    await world.write(routeTo('a'))
  })

  it('by leaving out the header that counts, where a rule counts everybody', async () => {
    const each = '{clientSelectors: [{headers: [{name: x-user, type: Distinct}]}], limit: {requests: 1, unit: Hour}}'
    const all = '{limit: {requests: 3, unit: Hour}}'
    await world.write(routeTo('a'), onRoute(`rateLimit: {type: Local, rules: [${each}, ${all}]}`))
    const as = async (user?: string): Promise<number> => (await world.ask(user === undefined ? {} : { headers: { 'x-user': user } })).status
    expect([await as('a'), await as('a'), await as('b'), await as(), await as(), await as('c')]).toEqual([200, 429, 200, 200, 429, 429])
  })

  it('by going through many values until the first is forgotten', async () => {
    await world.write(
      routeTo('a'),
      onRoute(
        'rateLimit: {type: Local, rules: [{clientSelectors: [{headers: [{name: x-user, type: Distinct}]}], limit: {requests: 1, unit: Hour}}]}',
      ),
    )
    const as = async (user: string): Promise<number> => (await world.ask({ headers: { 'x-user': user } })).status
    expect(await as('first')).toBe(200)
    for (let batch = 0; batch < 20; batch++) await Promise.all(Array.from({ length: 20 }, (_, at) => as(`${batch}-${at}`)))
    expect(await as('first')).toBe(429)
  })
})
