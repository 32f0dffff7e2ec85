/** RequestRedirect, of rules and of backends. */
import { expect } from '@jest/globals'
import { feature } from './feature.js'
import { gateway, httpRoute, ref, to, under } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a'], () =>
  gateway('gw', '[{name: http, port: 80, protocol: HTTP}, {name: other, port: 8888, protocol: HTTP}]'),
)

/** Filters at a rule and at its only backend: what the answers say under both. */
async function redirects(filter: string, question: { readonly path: string; readonly port?: number }): Promise<readonly string[]> {
  const redirect = `{type: RequestRedirect, requestRedirect: {${filter}}}`
  await world.write(
    httpRoute(
      'r',
      `[${under('/rule', `filters: [${redirect}]`)}, ${under('/backend', `backendRefs: [{${ref('a')}, filters: [${redirect}]}]`)}]`,
    ),
  )
  const answers = await Promise.all(
    ['/rule', '/backend'].map((level) => world.ask({ ...question, path: question.path.replace('/x', level) })),
  )
  return answers.map(({ status, headers }, at) => `${status} ${headers.location?.replace(['/rule', '/backend'][at] ?? '', '/x')}`)
}

feature(
  [
    'HTTPRoute spec.rules.{filters,backendRefs.filters}.requestRedirect.{hostname,scheme,port,statusCode,path.type,path.replaceFullPath,path.replacePrefixMatch}',
  ],
  'redirects to another host, scheme, port or path, with the status that is asked for',
  async () => {
    const rows: readonly (readonly [filter: string, path: string, wanted: string])[] = [
      ['hostname: new.example.com', '/x/y?q=1', '302 http://new.example.com/x/y?q=1'],
      ['scheme: https', '/x', '302 https://example.com/x'],
      ['scheme: https, port: 8443', '/x', '302 https://example.com:8443/x'],
      ['port: 8080', '/x', '302 http://example.com:8080/x'],
      ['hostname: h.example.com, statusCode: 301', '/x', '301 http://h.example.com/x'],
      ['hostname: h.example.com, statusCode: 303', '/x', '303 http://h.example.com/x'],
      ['hostname: h.example.com, statusCode: 307', '/x', '307 http://h.example.com/x'],
      ['hostname: h.example.com, statusCode: 308', '/x', '308 http://h.example.com/x'],
      ['path: {type: ReplaceFullPath, replaceFullPath: /full}', '/x/y', '302 http://example.com/full'],
      ['path: {type: ReplacePrefixMatch, replacePrefixMatch: /p}', '/x/y', '302 http://example.com/p/y'],
      ['path: {type: ReplacePrefixMatch, replacePrefixMatch: /}', '/x/y', '302 http://example.com/y'],
    ]
    for (const [filter, path, wanted] of rows) expect([filter, await redirects(filter, { path })]).toEqual([filter, [wanted, wanted]])
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.requestRedirect.port'],
  'redirects to the port of the listener when neither a port nor a scheme is named',
  async () => {
    const toHost = 'hostname: new.example.com'
    expect(await redirects(toHost, { path: '/x', port: 8888 })).toEqual(Array(2).fill('302 http://new.example.com:8888/x'))
    expect(await redirects(`${toHost}, port: 80`, { path: '/x', port: 8888 })).toEqual(Array(2).fill('302 http://new.example.com/x'))
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.requestRedirect.{scheme,port}'],
  'redirects away from the port that a request names, also where routes are for any host',
  async () => {
    const rows: readonly (readonly [filter: string, host: string, wanted: string])[] = [
      ['scheme: https', 'example.com', 'https://example.com/x'],
      ['scheme: https', 'example.com:8080', 'https://example.com:443/x'],
      ['scheme: https, port: 443', 'example.com:8080', 'https://example.com:443/x'],
      ['scheme: https', '[::1]', 'https://[::1]/x'],
      ['scheme: https', '[::1]:8080', 'https://[::1]:443/x'],
      ['scheme: https, hostname: a.example.com', 'example.com:8080', 'https://a.example.com/x'],
      ['scheme: https, port: 8443', 'example.com:8080', 'https://example.com:8443/x'],
      ['port: 80', 'example.com:8080', 'http://example.com:80/x'],
      // The client found us there.
      ['path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}', 'example.com:8080', 'http://example.com:8080/x'],
    ]
    for (const [filter, host, wanted] of rows) {
      for (const hosts of ['', 'hostnames: ["*.com"]']) {
        if (hosts !== '' && host.startsWith('[')) continue
        const redirect = `{type: RequestRedirect, requestRedirect: {${filter}}}`
        await world.write(httpRoute('r', `[${under('/x', `filters: [${redirect}]`)}]`, `parentRefs: [{name: gw}]\n  ${hosts}`))
        expect([filter, host, (await world.ask({ host, path: '/x' })).headers.location]).toEqual([filter, host, wanted])
      }
    }
  },
)

feature(
  ['Route reason IncompatibleFilters'],
  'refuses a route whose only rule rewrites what its backend redirects; beside others such a rule answers an error',
  async () => {
    const rewrite = '{type: URLRewrite, urlRewrite: {hostname: x.example}}'
    const redirect = '{type: RequestRedirect, requestRedirect: {hostname: y.example}}'
    const odd = under('/odd', `filters: [${rewrite}], backendRefs: [{${ref('a')}, filters: [${redirect}]}]`)
    await world.write(httpRoute('r', `[${odd}]`))
    expect(world.conditions('HTTPRoute/default/r')).toContain('Accepted=False/IncompatibleFilters')
    expect(await world.answerer({ path: '/odd' })).toBe(404)
    await world.write(httpRoute('r', `[${odd}, {${to('a')}}]`))
    expect(world.conditions('HTTPRoute/default/r')).toEqual(
      expect.arrayContaining(['Accepted=True/Accepted', 'PartiallyInvalid=True/UnsupportedValue']),
    )
    expect([await world.answerer({ path: '/odd' }), await world.answerer({ path: '/' })]).toEqual([500, 'a'])
  },
)
