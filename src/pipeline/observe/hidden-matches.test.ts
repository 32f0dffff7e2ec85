import { describe, expect, it } from '@jest/globals'
import { createRouteWorld, gateway, HTTP_LISTENER, route, service } from '../../../test/support/route-world.js'
import { hiddenMatches } from './hidden-matches.js'

const APP = 'backendRefs: [{ name: app, port: 8080 }]'
const OTHER = 'backendRefs: [{ name: other, port: 8080 }]'
const LATER = '2026-02-01T00:00:00Z'

function told(...objects: readonly string[]): readonly string[] {
  const world = createRouteWorld([gateway(HTTP_LISTENER), service('app'), ...objects])
  return hiddenMatches(world.translation.gatewayApi).map(({ severity, where, message }) => `${severity} ${where} ${message}`)
}

describe('matches that no request comes to', () => {
  it('are told with the route that has the same and goes first', () => {
    expect(
      told(
        route('first', `hostnames: [a.test, b.test], rules: [{ matches: [{ path: { value: /x } }, { path: { value: /y } }], ${APP} }]`),
        route('second', `hostnames: [a.test], rules: [{ ${APP} }, { matches: [{ path: { value: /y } }], ${OTHER} }]`, { created: LATER }),
      ),
    ).toEqual([
      'warning HTTPRoute/infra/second spec.rules[1].matches[0] gets no request: HTTPRoute/infra/first spec.rules[0].matches[1] is the same and goes first: it is older, or has the smaller name',
    ])
  })

  it('are none where one of several hosts leads there', () => {
    const second = route('second', `hostnames: [b.test, a.test, c.test], rules: [{ ${OTHER} }]`, { created: LATER })
    const others = ['a', 'c'].map((host) => route(`of-${host}`, `hostnames: [${host}.test], rules: [{ ${APP} }]`))
    expect(told(...others, second)).toEqual([])
    expect(told(...others, route('of-b', `hostnames: [b.test], rules: [{ ${APP} }]`), second)).toHaveLength(1)
  })

  it('are told within one route', () => {
    expect(told(route('r', `rules: [{ ${APP} }, { matches: [{ path: { value: / } }], ${OTHER} }]`))).toEqual([
      'warning HTTPRoute/infra/r spec.rules[1].matches[0] gets no request: spec.rules[0].matches[0] is the same and stands before it: remove one of the two',
    ])
  })

  it.each([
    { why: 'it has a host of its own', second: `hostnames: [a.test, b.test], rules: [{ ${OTHER} }]` },
    { why: 'it asks for a header', second: `hostnames: [a.test], rules: [{ matches: [{ headers: [{ name: x, value: y }] }], ${OTHER} }]` },
    { why: 'another method', second: `hostnames: [a.test], rules: [{ matches: [{ method: GET }], ${OTHER} }]` },
    { why: 'its host is wider', second: `hostnames: ["*.test"], rules: [{ ${OTHER} }]` },
  ])('are none where $why', ({ second }) => {
    expect(told(route('first', `hostnames: [a.test], rules: [{ ${APP} }]`), route('second', second, { created: LATER }))).toEqual([])
  })

  it('are none behind an error that a closed rule answers', () => {
    expect(told(route('r', 'rules: [{ backendRefs: [{ name: ghost, port: 80 }], timeouts: { request: 1s } }]'))).toEqual([])
  })
})
