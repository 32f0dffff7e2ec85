import { describe, expect, it } from '@jest/globals'
import { route, virtualHost } from '../../../../test/envoy-api/ir-fixtures.js'
import type { Route as IrRoute } from '../../../ir/route.js'
import { Sensitive } from '../../../ir/sensitive.js'
import { API_KEY_AUTH } from '../http-filters/api-key-auth.js'
import { BASIC_AUTH } from '../http-filters/basic-auth.js'
import { IDLE_PLACE } from '../http-filters/composite.js'
import { buildVirtualHost, bytesOf, encodeVirtualHost } from './virtual-host.js'

const users = (length: number, letter = 'x'): Pick<IrRoute, 'basicAuth'> => ({
  basicAuth: { users: new Sensitive(letter.repeat(length)), nameHeader: undefined },
})
const config = (from: Partial<IrRoute>) => BASIC_AUTH.perRoute(route(from))
const built = (...routes: readonly Partial<IrRoute>[]) => {
  const { routes: all = [], typedPerFilterConfig } = buildVirtualHost(virtualHost(routes.map((each) => route(each))))
  return { host: typedPerFilterConfig, routes: all.map((each) => each.typedPerFilterConfig?.[BASIC_AUTH.name]), all }
}

describe('a large configuration', () => {
  it('of several routes stands in their host, and others keep theirs or have none', () => {
    const { host, routes, all } = built(users(5000), users(5000), users(5000, 'y'), users(10), {})
    expect(host).toEqual({ [BASIC_AUTH.name]: config(users(5000)) })
    // The last one is for requests that no route matches: they are none of those that the policy is about.
    expect(routes).toEqual([undefined, undefined, config(users(5000, 'y')), config(users(10)), IDLE_PLACE, IDLE_PLACE])
    expect(all.at(-1)).toMatchObject({ match: { prefix: '/' }, directResponse: { status: 404 } })
  })

  it('of each filter is for itself', () => {
    const keys = {
      apiKeyAuth: {
        credentials: Array.from({ length: 500 }, (_, at) => ({ client: `client${at}`, key: new Sensitive('k') })),
        places: [{ kind: 'header', name: 'x-key' }],
        clientHeader: undefined,
        hides: false,
      },
    } as const
    const { host, all } = built({ ...users(5000), ...keys }, { ...users(5000), ...keys }, users(5000))
    expect(Object.keys(host ?? {}).sort()).toEqual([API_KEY_AUTH.name, BASIC_AUTH.name].sort())
    expect(all.map((each) => Object.keys(each.typedPerFilterConfig ?? {}))).toEqual([
      [],
      [],
      [API_KEY_AUTH.name],
      [API_KEY_AUTH.name, BASIC_AUTH.name],
    ])
  })

  it.each([
    ['that is small', [users(100), users(100)]],
    ['that one route has', [users(5000), users(10), {}]],
  ])('%s stays where it is', (_, routes) => {
    const { host, routes: own } = built(...routes)
    expect([host, own]).toEqual([undefined, routes.map(config)])
  })

  it('is encoded once, however many routes have it', () => {
    const host = virtualHost(Array.from({ length: 128 }, () => route(users(400_000))))
    expect(bytesOf(encodeVirtualHost(host, { group: 'g', inTable: true })).length).toBeLessThan(450_000)
  })
})
