import { describe, expect, it } from '@jest/globals'
import { IDLE_PLACE } from './http-filters/composite.js'
import { shareFilterConfig } from './shared-filter-config.js'

const config = (content: string, length = 5000) => ({ type_url: 'x', value: Buffer.from(content.padEnd(length, content)) })
const PLACE = 'headgate.extension.0'
const route = (name: string, ...configs: readonly (ReturnType<typeof config> | undefined)[]) => ({
  name,
  typedPerFilterConfig: Object.fromEntries(
    configs.flatMap((each, at) => (each === undefined ? [] : [[`headgate.extension.${at}`, each] as const])),
  ),
})

describe('large configuration', () => {
  it('of several routes stands once, and other routes keep theirs or none', () => {
    const routes = [route('a', config('x')), route('b', config('x')), route('c', config('y')), { name: 'd' }]
    const { routes: remaining, shared } = shareFilterConfig(routes)
    expect(shared).toEqual({ [PLACE]: config('x') })
    expect(remaining.map(({ typedPerFilterConfig }) => typedPerFilterConfig)).toEqual([
      {},
      {},
      { [PLACE]: config('y') },
      { [PLACE]: IDLE_PLACE },
    ])
  })

  it('of each place is for itself, and that of most routes is taken', () => {
    const routes = [
      route('a', config('x'), config('y')),
      route('b', config('z'), config('y')),
      route('c', config('z')),
      route('d', config('z')),
    ]
    const { routes: remaining, shared } = shareFilterConfig(routes)
    expect(shared).toEqual({ [PLACE]: config('z'), 'headgate.extension.1': config('y') })
    expect(remaining.map(({ typedPerFilterConfig }) => Object.keys(typedPerFilterConfig ?? {}))).toEqual([
      [PLACE],
      [],
      ['headgate.extension.1'],
      ['headgate.extension.1'],
    ])
  })

  it.each([
    ['of one route', [route('a', config('x')), route('b', config('y'))]],
    ['that is small', [route('a', config('x', 100)), route('b', config('x', 100))]],
    ['that is not there', [{ name: 'a' }, { name: 'b' }]],
  ])('%s stays where it is', (_, routes) => {
    expect(shareFilterConfig(routes)).toEqual({ routes, shared: {} })
  })

  it('is the same for every route, whoever says it', () => {
    const routes = [route('a', config('x'), config('y')), route('b', config('x')), route('c'), route('d', undefined, config('y'))]
    const { routes: remaining, shared } = shareFilterConfig(routes)
    const effective = remaining.map(({ typedPerFilterConfig }) => ({ ...shared, ...typedPerFilterConfig }))
    const before = routes.map(({ typedPerFilterConfig }) => ({
      ...Object.fromEntries(Object.keys(shared).map((name) => [name, IDLE_PLACE])),
      ...typedPerFilterConfig,
    }))
    expect(effective).toEqual(before)
  })
})
