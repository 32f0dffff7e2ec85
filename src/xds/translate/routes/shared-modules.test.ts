import { describe, expect, it } from '@jest/globals'
import type { Extension } from '../../../ir/extension.js'
import type { Route as IrRoute } from '../../../ir/route.js'
import { IDLE_PLACE } from '../http-filters/composite.js'
import { EXTENSIONS, extensionConfig } from '../http-filters/extensions.js'
import { shareModules } from './shared-modules.js'

const wasm = (machine: string, length = 8192): Extension => ({
  kind: 'wasm',
  name: machine,
  rootId: '',
  machine,
  code: { kind: 'inline', base64: 'A'.repeat(length) },
  hostEnvironment: [],
  failOpen: false,
})
const lua: Extension = { kind: 'lua', script: 'x'.repeat(10_000) }
/** What this test needs of a route. */
const route = (...extensions: readonly Extension[]) => ({ extensions }) as unknown as IrRoute
/** A route, and one in front of it that brings nothing, as for preflight requests. */
const build = (from: IrRoute) => [
  { name: 'preflight' },
  {
    typedPerFilterConfig: Object.fromEntries(
      EXTENSIONS.flatMap((filter) => {
        const config = filter.perRoute(from)
        return config === undefined ? [] : [[filter.name, config] as const]
      }),
    ),
  },
]
const [FIRST = '', SECOND = ''] = EXTENSIONS.map(({ name }) => name)
const configs = (routes: ReturnType<typeof shareModules>['routes']) => routes.map(({ typedPerFilterConfig = {} }) => typedPerFilterConfig)

describe('a large module', () => {
  it('of several routes stands once, and other routes keep theirs or have none', () => {
    const { routes, shared } = shareModules([route(wasm('x')), route(wasm('x')), route(wasm('y')), route()], build, [{ name: 'other' }])
    expect(shared).toEqual({ [FIRST]: extensionConfig(FIRST, wasm('x')) })
    const none = { [FIRST]: IDLE_PLACE }
    expect(configs(routes)).toEqual([none, {}, none, {}, none, { [FIRST]: extensionConfig(FIRST, wasm('y')) }, none, none, none])
  })

  it('of each place is for itself, and that of most routes is taken', () => {
    const from = [route(wasm('x'), wasm('y')), route(wasm('z'), wasm('y')), route(wasm('z')), route(lua)]
    const { routes, shared } = shareModules(from, (each) => build(each).slice(1), [])
    expect(shared).toEqual({ [FIRST]: extensionConfig(FIRST, wasm('z')), [SECOND]: extensionConfig(SECOND, wasm('y')) })
    expect(configs(routes)).toEqual([
      { [FIRST]: extensionConfig(FIRST, wasm('x')) },
      {},
      { [SECOND]: IDLE_PLACE },
      { [FIRST]: extensionConfig(FIRST, lua), [SECOND]: IDLE_PLACE },
    ])
  })

  it.each([
    ['that is small', [route(wasm('x', 100)), route(wasm('x', 100))]],
    ['that is none', [route(lua), route(lua)]],
    ['that is a file', [route({ ...wasm('x'), code: { kind: 'file', path: '/x' } } as Extension)]],
    ['that is not there', [route(), route()]],
  ])('%s stays where it is', (_, from) => {
    expect(shareModules(from, build, [{ name: 'other' }])).toEqual({ routes: [...from.flatMap(build), { name: 'other' }], shared: {} })
  })

  it('is encoded once, however many routes have it', () => {
    const from = Array.from({ length: 50 }, () => route(wasm('x', 1_000_000)))
    const { routes } = shareModules(from, build, [])
    const bytes = configs(routes)
      .flatMap((each) => Object.values(each))
      .reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
    expect(bytes).toBeLessThan(10_000)
  })
})
