/** BackendTrafficPolicy: limits by what a token says that a SecurityPolicy has found good. */
import { describe, expect, it } from '@jest/globals'
import { httpRoute, to, under } from '../features/manifests.js'
import { featureWorld, type Question } from '../features/world.js'
import { ABOUT_GATEWAY, ABOUT_ROUTE, GOOD, onRoute, policy, routeTo, said } from './backend-traffic.js'
import { policyField } from './coverage/policy-field.js'
import { securityPolicy } from './support/attempts.js'
import { createIssuer } from './support/tokens.js'

const world = featureWorld(['a'])
const issuer = createIssuer('https://good.example')
const stranger = createIssuer('https://good.example')
const jwt = (more = ''): string =>
  securityPolicy(
    `${ABOUT_ROUTE}, jwt: {providers: [{name: good, issuer: "${issuer.issuer}", localJWKS: {inline: '${issuer.jwks}'}}]${more}}`,
  )
const bearer = (token: string): Question => ({ headers: { authorization: `Bearer ${token}` } })
const of = (claims: Readonly<Record<string, unknown>>): Question => bearer(issuer.token(claims))

let policies = 0
/** Two requests an hour for each value of a claim. The second rule makes each policy another one, whose counts begin anew. */
async function limited(claim: string, more = ''): Promise<void> {
  policies += 1
  const rules = `{clientSelectors: [{jwtClaims: [{provider: good, claim: ${claim}}]}], limit: {requests: 2, unit: Hour}}, {limit: {requests: ${1000 + policies}, unit: Second}}`
  await world.write(routeTo('a'), jwt(more), onRoute(`rateLimit: {type: Local, rules: [${rules}]}`))
  expect(said(world)).toEqual(GOOD)
}
async function asked(...questions: readonly Question[]): Promise<readonly number[]> {
  const found: number[] = []
  for (const question of questions) found.push((await world.ask(question)).status)
  return found
}
const three = (question: Question): Promise<readonly number[]> => asked(question, question, question)

describe('rateLimit Local by claims', () => {
  policyField(
    ['BackendTrafficPolicy rateLimit.rules.clientSelectors.jwtClaims.{provider,claim}'],
    'each value is counted for itself',
    async () => {
      await limited('sub')
      expect(await three(of({ sub: 'ann' }))).toEqual([200, 200, 429])
      expect(await three(of({ sub: 'bob' }))).toEqual([200, 200, 429])
      // Another token of the same client is the same client.
      expect(await asked(of({ sub: 'ann', jti: 'another' }))).toEqual([429])
      await limited('"https://app.example.com/tenant"')
      expect(await three(of({ 'https://app.example.com/tenant': 'x' }))).toEqual([200, 200, 429])
      expect(await asked(of({ 'https://app.example.com/tenant': 'y' }))).toEqual([200])
      await limited('tenant.id')
      expect(await three(of({ tenant: { id: 'x' } }))).toEqual([200, 200, 429])
      expect(await asked(of({ tenant: { id: 'y' } }))).toEqual([200])
    },
  )

  it.each<{ kind: string; one: unknown; other: unknown }>([
    { kind: 'numbers', one: 41, other: 42 },
    { kind: 'truth', one: true, other: false },
    { kind: 'large numbers', one: 1_234_567_890_123, other: 1_234_567_890_124 },
    { kind: 'texts with strange characters', one: 'a:b%c "d" é', other: 'a:b%c "d" è' },
  ])('$kind are values as well', async ({ one, other }) => {
    await limited('value')
    expect(await three(of({ value: one }))).toEqual([200, 200, 429])
    expect(await three(of({ value: other }))).toEqual([200, 200, 429])
  })

  it('says of a provider that no jwt has that nobody is counted, for each rule by its own tokens', async () => {
    const byClaim = (provider: string): string =>
      `rateLimit: {type: Local, rules: [{limit: {requests: 100, unit: Hour}}, {clientSelectors: [{jwtClaims: [{provider: ${provider}, claim: sub}]}], limit: {requests: 1, unit: Hour}}]}`
    const wrong = [...GOOD, 'PartiallyInvalid=True/UnsupportedValue']
    await world.write(routeTo('a'), jwt(), onRoute(byClaim('goood')))
    expect(said(world)).toEqual(wrong)
    expect(JSON.stringify(world.headgate.status('BackendTrafficPolicy/default/p'))).toContain('rateLimit.rules[1].')
    await world.write(routeTo('a'), onRoute(byClaim('good')))
    expect(said(world)).toEqual(wrong)
    await world.write(routeTo('a'), jwt(), onRoute(byClaim('good')))
    expect(said(world)).toEqual(GOOD)
    const rule = (path: string, name: string): string => under(path, `name: ${name}, ${to('a')}`)
    const ofRule = jwt().replace('name: r}', 'name: r, sectionName: one}')
    await world.write(httpRoute('r', `[${rule('/one', 'one')}, ${rule('/two', 'two')}]`), ofRule, onRoute(byClaim('good')))
    expect(said(world)).toEqual(wrong)
    await world.write(httpRoute('r', `[${rule('/one', 'one')}]`), ofRule, onRoute(byClaim('good')))
    expect(said(world)).toEqual(GOOD)
  })

  it('says nothing of it where every listener that the route is reached by asks for tokens itself', async () => {
    const byClaim =
      'rateLimit: {type: Local, rules: [{clientSelectors: [{jwtClaims: [{provider: good, claim: sub}]}], limit: {requests: 1, unit: Hour}}]}'
    const aboutListener = jwt().replace(ABOUT_ROUTE, ABOUT_GATEWAY.replace('name: gw', 'name: gw, sectionName: http'))
    await world.write(routeTo('a'), aboutListener, policy(`${ABOUT_GATEWAY}, ${byClaim}`))
    expect(await asked(of({ sub: 'zoe' }), of({ sub: 'zoe' }))).toEqual([200, 429])
    expect(said(world)).toEqual(GOOD)
    const other = aboutListener.replace('sectionName: http', 'sectionName: other')
    await world.write(routeTo('a'), other, policy(`${ABOUT_GATEWAY}, ${byClaim}`))
    expect(said(world)).toEqual([...GOOD, 'PartiallyInvalid=True/UnsupportedValue'])
  })

  it('requests without the claim do not count, nor those with a list or an object in its place', async () => {
    await limited('sub', ', optional: true')
    expect(await three({})).toEqual([200, 200, 200])
    expect(await three(of({}))).toEqual([200, 200, 200])
    for (const value of [['ann'], { id: 'ann' }]) {
      await limited('value')
      expect([value, await three(of({ value }))]).toEqual([value, [200, 200, 200]])
    }
    await limited('sub', ', optional: true')
    expect(await three(of({ sub: 'ann' }))).toEqual([200, 200, 429])
  })
})

describe('evading a limit by claims', () => {
  const ann = issuer.token({ sub: 'ann' })
  const [head = '', body = '', signature = ''] = ann.split('.')
  const changed = `${head}.${Buffer.from(JSON.stringify({ iss: issuer.issuer, sub: 'eve', exp: 9_999_999_999 })).toString('base64url')}.${signature}`
  const withAnn = (headers: Readonly<Record<string, string | readonly string[]>>, more: Question = {}): Question => ({
    ...more,
    headers: { authorization: `Bearer ${ann}`, ...headers },
  })
  /** Each passes without a limit, or is no good token: none passes with it. */
  const attempts: readonly { readonly technique: string; readonly question: Question; readonly isGood?: false }[] = [
    { technique: 'another token of the same client', question: of({ sub: 'ann', jti: 'x' }) },
    { technique: 'more claims', question: of({ sub: 'ann', role: 'admin', 'sub.x': 'y' }) },
    { technique: 'the claim inside another one', question: of({ sub: 'ann', x: { sub: 'eve' } }) },
    { technique: 'the claim in a header', question: withAnn({ sub: 'eve', 'x-jwt-sub': 'eve' }) },
    { technique: 'the claim in the query', question: withAnn({}, { path: '/?sub=eve' }) },
    { technique: 'a second token in the query', question: withAnn({}, { path: `/?access_token=${ann}` }) },
    { technique: 'a path in another spelling', question: withAnn({}, { path: '//x/../y/./z' }) },
    { technique: 'another method', question: withAnn({}, { method: 'POST' }) },
    { technique: 'a host in capitals', question: withAnn({}, { host: 'EXAMPLE.com' }) },
    { technique: 'another host', question: withAnn({}, { host: 'other.example' }) },
    { technique: 'an address of somebody else', question: withAnn({ 'x-forwarded-for': '203.0.113.9' }) },
    { technique: 'another user agent', question: withAnn({ 'user-agent': 'eve', cookie: 'sub=eve' }) },
    { technique: 'metadata in a header', question: withAnn({ 'x-envoy-metadata': 'sub=eve', 'x-envoy-dynamic-metadata': 'sub=eve' }) },
    { technique: 'another scheme in front of the token', question: { headers: { authorization: `bearer ${ann}` } }, isGood: false },
    { technique: 'a changed payload', question: bearer(changed), isGood: false },
    { technique: 'a token of somebody else', question: bearer(stranger.token({ sub: 'eve' })), isGood: false },
    { technique: 'a token without a signature', question: bearer(`${head}.${body}.`), isGood: false },
    { technique: 'no token', question: {}, isGood: false },
  ]

  it('no technique works', async () => {
    await world.write(routeTo('a'), jwt())
    for (const { technique, question, isGood } of attempts) {
      expect([technique, await asked(question)]).toEqual([technique, [isGood === false ? 401 : 200]])
    }
    await limited('sub')
    expect(await three(bearer(ann))).toEqual([200, 200, 429])
    for (const { technique, question, isGood } of attempts) {
      expect([technique, await asked(question)]).toEqual([technique, [isGood === false ? 401 : 429]])
    }
  }, 60_000)
})
