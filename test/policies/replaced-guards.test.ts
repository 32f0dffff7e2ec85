/**
 * Guards that are replaced, moved, changed, and taken away and given back while attackers ask without a pause: not one request passes that no
 * guard had let pass, none is refused that all of them let pass, and nobody beside the guarded rule notices.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { backend, gateway, ref } from '../features/manifests.js'
import { featureWorld, type Question } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { ABOUT_GUARDED_RULE, GUARDED_ROUTE, securityPolicy } from './support/attempts.js'
import { secret } from './support/secrets.js'
import { createIssuer } from './support/tokens.js'

const gatekeeper: Server = createServer(({ headers }, response) =>
  response.writeHead(headers.authorization === 'Bearer good' ? 200 : 401).end(),
)
beforeAll(() => new Promise<void>((resolve) => gatekeeper.listen(0, '127.0.0.1', resolve)))
const world = featureWorld(['open', 'secret'], () =>
  [gateway('gw'), backend({ name: 'gatekeeper', port: (gatekeeper.address() as AddressInfo).port })].join('---'),
)
afterAll(() => {
  gatekeeper.closeAllConnections()
  gatekeeper.close()
})

const issuer = createIssuer('https://good.example')
const ABOUT_ROUTE = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}]'
const SECRETS = [
  secret('keys', { ann: 'key-of-ann' }),
  secret('users', { '.htpasswd': 'ann:{SHA}kGByAB793z4R5tK1eC9Hd/4Dhzk=' }),
  secret('client', { 'client-secret': 'a secret of more than sixteen characters' }),
].join('---')
const ADMIN: Question = { path: '/admin' }
const withHeaders = (headers: Readonly<Record<string, string>>): Question => ({ ...ADMIN, headers })

interface Guard {
  readonly what: string
  /** What keeps attackers out; the number makes it another one. */
  readonly spec: (number: number) => string
  /** What an attacker gets. */
  readonly refused: number
  /** What each of the guards lets pass; a session of one login is none of another. */
  readonly good?: Question
  readonly attack?: Question
}

const GUARDS: readonly Guard[] = [
  {
    what: 'addresses',
    spec: (number) => `authorization: {rules: [{action: Allow, principal: {clientCIDRs: [10.0.${number}.0/24]}}]}`,
    refused: 403,
  },
  {
    what: 'headers',
    spec: (number) => `authorization: {rules: [{action: Allow, principal: {headers: [{name: x-role, values: [admin, a${number}]}]}}]}`,
    refused: 403,
    good: withHeaders({ 'x-role': 'admin' }),
  },
  {
    what: 'expressions',
    spec: (number) =>
      `authorization: {defaultAction: Allow, rules: [{action: Deny, cel: 'request.path != "/${number}" && !("x-role" in request.headers)'}]}`,
    refused: 403,
    good: withHeaders({ 'x-role': 'any' }),
  },
  {
    what: 'tokens',
    spec: (number) =>
      `jwt: {providers: [{name: good, issuer: "${issuer.issuer}", audiences: [all, a${number}], localJWKS: {inline: '${issuer.jwks}'}}]}`,
    refused: 401,
    good: withHeaders({ authorization: `Bearer ${issuer.token({ aud: 'all' })}` }),
  },
  {
    what: 'API keys',
    spec: (number) => `apiKeyAuth: {credentialRefs: [{name: keys}], extractFrom: [{headers: [x-api-key, x-key-${number}]}]}`,
    refused: 401,
    good: withHeaders({ 'x-api-key': 'key-of-ann' }),
  },
  {
    what: 'passwords',
    spec: (number) => `basicAuth: {users: {name: users}, forwardUsernameHeader: x-user-${number}}`,
    refused: 401,
    good: withHeaders({ authorization: `Basic ${Buffer.from('ann:geheim').toString('base64')}` }),
  },
  {
    what: 'logins',
    spec: (number) =>
      `oidc: {provider: {authorizationEndpoint: "https://id.example/a", tokenEndpoint: "https://id.example/t"}, clientID: x${number}, clientSecret: {name: client}}`,
    refused: 302,
  },
  {
    what: 'a server that is asked',
    spec: (number) => `extAuth: {http: {backendRef: {${ref('gatekeeper')}}, path: /${number}}}`,
    refused: 401,
    good: withHeaders({ authorization: 'Bearer good' }),
  },
  {
    what: 'requests of other sites',
    spec: (number) => `csrf: {additionalOrigins: ["https://a${number}.example"]}`,
    refused: 403,
    attack: { ...withHeaders({ origin: 'https://evil.example' }), method: 'POST' },
    good: { ...withHeaders({ origin: 'http://example.com' }), method: 'POST' },
  },
]

it.each(GUARDS)(
  '$what',
  async ({ spec, refused, good, attack = ADMIN }) => {
    const write = (...policies: readonly string[]) => world.write(GUARDED_ROUTE, SECRETS, ...policies)
    const guard = (number: number, name = 'p', about = ABOUT_GUARDED_RULE) => securityPolicy(`${about}, ${spec(number)}`, name)
    await write(guard(0))
    expect(await world.answerer(attack)).toBe(refused)

    let isOver = false
    const seen = new Map<string | number, number>()
    const neighbours = new Set<string | number>()
    const attackers = [1, 2, 3].map(async () => {
      while (!isOver) {
        const answer = await world.answerer(attack)
        seen.set(answer, (seen.get(answer) ?? 0) + 1)
      }
    })
    const welcome = new Set<string | number>()
    const friend = (async () => {
      while (!isOver && good !== undefined) welcome.add(await world.answerer(good))
    })()
    const neighbour = (async () => {
      while (!isOver) neighbours.add(await world.answerer({ path: '/' }))
    })()
    const total = () => [...seen.values()].reduce((sum, count) => sum + count, 0)
    /** Each change meets requests. */
    const met = (change: Promise<void>) => {
      const before = total()
      return change.then(() => eventually(() => expect(total()).toBeGreaterThan(before + 3)))
    }
    try {
      for (const number of [1, 2, 3]) {
        // Removed, and made again under another name; changed; and about the rule and more, which it stands beside for a moment.
        await met(write(guard(number, 'q')))
        await met(write(guard(number + 10, 'q')))
        await met(write(guard(number, 'p'), guard(number, 'q')))
        await met(write(guard(number, 'p')))
      }
    } finally {
      isOver = true
      await Promise.all([...attackers, friend, neighbour])
    }
    expect([...seen.keys()]).toEqual([refused])
    expect([...welcome]).toEqual(good === undefined ? [] : ['secret'])
    expect([...neighbours]).toEqual(['open'])

    // About the whole route, about the rule, and back.
    await write(guard(4, 'wide', ABOUT_ROUTE))
    expect([await world.answerer(attack), await world.answerer({ ...attack, path: '/' })]).toEqual([refused, refused])
    await write(guard(4))
    expect([await world.answerer(attack), await world.answerer({ ...attack, path: '/' })]).toEqual([refused, 'open'])

    // Without it everybody passes; given back, nobody does from then on.
    await write()
    expect(await world.answerer(attack)).toBe('secret')
    await write(guard(5))
    const reached = world.backend('secret').requests.length
    for (let request = 0; request < 20; request++) expect(await world.answerer(attack)).toBe(refused)
    expect(world.backend('secret').requests).toHaveLength(reached)
  },
  120_000,
)
