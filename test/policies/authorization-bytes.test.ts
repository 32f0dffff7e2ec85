/** What attackers try with bytes that are no UTF-8: expressions look at bytes, and see what stands behind them. */
import { expect, it } from '@jest/globals'
import { featureWorld } from '../features/world.js'
import { ABOUT_GUARDED_RULE, GUARDED_ROUTE, securityPolicy } from './support/attempts.js'

const world = featureWorld(['open', 'secret'])
const rules = (list: string, otherwise: string): string =>
  securityPolicy(`${ABOUT_GUARDED_RULE}, authorization: {defaultAction: ${otherwise}, rules: [${list}]}`)

interface Asked {
  readonly path: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}
const PATHS: readonly Asked[] = ['/admin/\xff', '/admin/a\xff/b', '/admin?\xff', '/admin/\xc3', '/admin/%ff'].map((path) => ({ path }))
const queries = (...all: readonly string[]): readonly Asked[] => all.map((query) => ({ path: `/admin?${query}` }))
const roles = (...all: readonly (string | readonly string[])[]): readonly Asked[] =>
  all.map((role) => ({ path: '/admin', headers: { 'x-role': role } }))

/** Requests over HTTP/2: HTTP/1 of Envoy takes no such paths. */
async function answers(all: readonly Asked[]): Promise<readonly (readonly [string, string | number])[]> {
  const client = world.headgate.http2('default/gw', 80)
  try {
    const found: (readonly [string, string | number])[] = []
    for (const { path, headers = {} } of all) {
      const { status, echo } = await client.send({ host: 'example.com', path, headers: headers as Readonly<Record<string, string>> })
      found.push([JSON.stringify([path, headers]), echo?.backend ?? status])
    }
    return found
  } finally {
    client.close()
  }
}

it.each([
  { rule: 'Deny, operation: {paths: [{value: /admin}]}', attempts: PATHS },
  { rule: 'Deny, operation: {paths: [{type: RegularExpression, value: "/admin.*"}]}', attempts: PATHS },
  {
    rule: 'Deny, operation: {queryParams: [{name: role, values: [root]}]}',
    attempts: queries('x=\xff&role=root', 'role=root&x=\xff', '\xff&role=root', 'role=root&\xc3'),
  },
  {
    rule: 'Deny, principal: {headers: [{name: x-role, values: [root]}]}',
    attempts: roles('\xff, root', 'root, \xff', ['\xff', 'root'], ['root', '\xff']),
  },
  {
    rule: 'Allow, principal: {headers: [{name: x-role, values: [user]}]}',
    attempts: roles(['user', '\xff, root'], ['\xff', 'user'], 'user\xff', 'user, \xff'),
  },
  { rule: 'Allow, operation: {notPaths: [{value: /admin}]}', attempts: PATHS },
  {
    rule: 'Allow, operation: {queryParams: [{name: role, values: [user]}]}',
    attempts: queries('role=user&\xff&role=root', 'role=user\xff', 'role=user&role=\xff'),
  },
])('no bytes lead past $rule', async ({ rule, attempts }) => {
  await world.write(GUARDED_ROUTE)
  // The backend of the test takes no such query (400), as others do: it is asked.
  expect((await answers(attempts)).filter(([, answer]) => answer !== 'secret' && answer !== 400)).toEqual([])
  await world.write(GUARDED_ROUTE, rules(`{action: ${rule}}`, rule.startsWith('Deny') ? 'Allow' : 'Deny'))
  expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted'])
  const seen = world.backend('secret').requests.length
  expect((await answers(attempts)).filter(([, answer]) => answer !== 403)).toEqual([])
  expect(world.backend('secret').requests).toHaveLength(seen)
})
