/** BackendTrafficPolicy: other answers than those of backends and of Envoy. */
import { describe, expect, it } from '@jest/globals'
import { httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { GOOD, onRoute, routeTo, said } from './backend-traffic.js'
import { rawRequest } from './client-manifests.js'
import { policyField } from './coverage/policy-field.js'
import { pipelined } from './raw-http.js'

const world = featureWorld(['a'])

async function overridden(overrides: string, more = ''): Promise<void> {
  await world.write(routeTo('a'), onRoute(`responseOverride: [${overrides}]${more}`))
  expect(said(world)).toEqual(GOOD)
}
const status = async (path: string): Promise<number> => (await world.ask({ path })).status

describe('responseOverride', () => {
  policyField(
    [
      'BackendTrafficPolicy responseOverride.match.statusCodes.{type,value,range.start,range.end}',
      'BackendTrafficPolicy responseOverride.response.{statusCode,body,contentType}',
    ],
    'another status, body and type',
    async () => {
      await overridden(
        '{match: {statusCodes: [{value: 404}]}, response: {statusCode: 410, contentType: application/json, body: "{\\"gone\\": \\"100%\\"}"}}, {match: {statusCodes: [{type: Range, range: {start: 500, end: 599}}]}, response: {body: oops}}',
      )
      expect(await world.ask({ path: '/?status=404' })).toMatchObject({
        status: 410,
        body: '{"gone": "100%"}',
        headers: { 'content-type': 'application/json' },
      })
      expect(await world.ask({ path: '/?status=503' })).toMatchObject({ status: 503, body: 'oops' })
      expect(await world.ask({ path: '/?status=500' })).toMatchObject({ status: 500, body: 'oops' })
      expect(await world.answerer({ path: '/?status=403' })).toBe('a')
    },
  )

  it('gives no body to answers that have none: their clients would take it for the next answer', async () => {
    const next = (first: string) =>
      pipelined(world.headgate.place('default/gw', 80), [rawRequest(`GET /?status=${first} HTTP/1.1`), rawRequest('GET / HTTP/1.1')])
    const sane = (code: number) => new RegExp(`^HTTP/1.1 ${code} [^]*?\r\n\r\nHTTP/1.1 200 OK\r\n`)
    for (const code of [204, 205, 304]) {
      await overridden(`{match: {statusCodes: [{value: 404}]}, response: {statusCode: ${code}, body: oops}}`)
      expect(await next('404')).toMatch(sane(code))
    }
    await overridden('{match: {statusCodes: [{type: Range, range: {start: 200, end: 599}}]}, response: {body: oops}}')
    expect((await world.ask({ path: '/?status=404' })).body).toBe('oops')
    for (const code of [204, 304]) expect(await next(String(code))).toMatch(sane(code))
  })

  policyField(['BackendTrafficPolicy responseOverride.response.bodyRef'], 'a body from a ConfigMap, which it follows', async () => {
    const page = (text: string, key = 'response.body') => `
apiVersion: v1
kind: ConfigMap
metadata: {name: page}
data: {${key}: "${text}", other: x}
`
    const gone = onRoute(
      'responseOverride: [{match: {statusCodes: [{value: 404}]}, response: {contentType: text/html, bodyRef: {group: "", kind: ConfigMap, name: page}}}]',
    )
    const long = '<p>'.repeat(20_000)
    await world.write(routeTo('a'), gone, page(long))
    expect(said(world)).toEqual(GOOD)
    expect(await world.ask({ path: '/?status=404' })).toMatchObject({ status: 404, body: long, headers: { 'content-type': 'text/html' } })
    await world.write(routeTo('a'), gone, page('other'))
    expect(await world.ask({ path: '/?status=404' })).toMatchObject({ status: 404, body: 'other' })
    for (const [objects, why] of [
      [[], 'does not exist'],
      [[page('x', 'another')], 'no key'],
      [[page('x'.repeat(70_000))], '70000 bytes'],
    ] as const) {
      await world.write(routeTo('a'), gone, ...objects)
      expect(said(world)).toEqual(['Accepted=False/RefNotFound'])
      expect(JSON.stringify(world.stored('BackendTrafficPolicy/default/p'))).toContain(why)
      expect((await world.ask({ path: '/?status=404' })).echo?.backend).toBe('a')
    }
  })

  policyField(
    [
      'BackendTrafficPolicy responseOverride.match.responseHeaders.{name,value.type,value.value}',
      'BackendTrafficPolicy responseOverride.response.header.{set,add}',
    ],
    'headers of answers decide, and the other answer has headers',
    async () => {
      const value = (type: string, text: string) =>
        `{match: {responseHeaders: [{name: X-Kind, value: {type: ${type}, value: "${text}"}}]}, response: {statusCode: 299, header: {set: [{name: X-Set, value: "1"}], add: [{name: X-Set, value: "2"}]}}}`
      for (const [type, text] of [
        ['Exact', 'secret'],
        ['Prefix', 'sec'],
        ['Suffix', 'ret'],
        ['RegularExpression', 's.*t'],
      ] as const) {
        await overridden(value(type, text))
        const answer = await world.ask({ path: '/?header=x-kind:secret' })
        expect(answer.status).toBe(299)
        expect(answer.headers['x-set']).toBe('1, 2')
        expect(await status('/?header=x-kind:public')).toBe(200)
      }
    },
  )

  policyField(['BackendTrafficPolicy responseOverride.source'], 'answers of backends, of Envoy, or both', async () => {
    const from = (source: string) =>
      overridden(
        `{source: ${source}, match: {statusCodes: [{value: 418}]}, response: {statusCode: 299}}`,
        ', faultInjection: {abort: {httpStatus: 418, percentage: {numerator: 0}}}',
      )
    const local = (source: string) =>
      overridden(
        `{source: ${source}, match: {statusCodes: [{value: 418}]}, response: {statusCode: 299}}`,
        ', faultInjection: {abort: {httpStatus: 418}}',
      )
    for (const [source, ofBackend, ofEnvoy] of [
      ['All', 299, 299],
      ['Backend', 299, 418],
      ['Local', 418, 299],
    ] as const) {
      await from(source)
      expect(await status('/?status=418')).toBe(ofBackend)
      await local(source)
      expect(await status('/')).toBe(ofEnvoy)
    }
  })

  policyField(
    ['BackendTrafficPolicy responseOverride.redirect.{scheme,hostname,port,path,statusCode}'],
    'the client is sent elsewhere',
    async () => {
      await overridden(
        '{match: {statusCodes: [{value: 401}]}, redirect: {scheme: https, hostname: login.example.com, port: 8443, path: "/login?from=here", statusCode: 307}}',
      )
      expect(await world.ask({ path: '/x?status=401' })).toMatchObject({
        status: 307,
        headers: { location: 'https://login.example.com:8443/login?from=here' },
      })
      await overridden('{match: {statusCodes: [{value: 401}]}, redirect: {path: /login}}')
      expect(await world.ask({ path: '/x?status=401' })).toMatchObject({ status: 302, headers: { location: 'http://example.com/login' } })
      await overridden('{match: {statusCodes: [{value: 401}]}, redirect: {scheme: https}}')
      expect(await world.ask({ path: '/x?status=401' })).toMatchObject({
        status: 302,
        headers: { location: 'https://example.com/x?status=401' },
      })
    },
  )

  it('the client is sent back to what it asked for, not to what the backend was asked for', async () => {
    const rewrite = 'urlRewrite: {hostname: inner.example.com, path: {type: ReplacePrefixMatch, replacePrefixMatch: /inner}}'
    const route = httpRoute('r', `[${under('/outer', `filters: [{type: URLRewrite, ${rewrite}}], ${to('a')}`)}]`)
    const rows: readonly (readonly [redirect: string, host: string, wanted: string])[] = [
      ['statusCode: 307', 'example.com', 'http://example.com/outer/x?status=401'],
      ['statusCode: 307', 'example.com:8080', 'http://example.com:8080/outer/x?status=401'],
      ['scheme: https', 'example.com:8080', 'https://example.com/outer/x?status=401'],
      ['port: 8443', 'example.com', 'http://example.com:8443/outer/x?status=401'],
      ['port: 8443', 'example.com:8080', 'http://example.com:8443/outer/x?status=401'],
      ['scheme: https, port: 8443, path: "/a?b=%20"', '[::1]:8080', 'https://[::1]:8443/a?b=%20'],
      ['path: /login', '[::1]', 'http://[::1]/login'],
    ]
    for (const [redirect, host, wanted] of rows) {
      await world.write(route, onRoute(`responseOverride: [{match: {statusCodes: [{value: 401}]}, redirect: {${redirect}}}]`))
      expect(said(world)).toEqual(GOOD)
      const { headers } = await world.ask({ host, path: '/outer/x?status=401' })
      expect([redirect, host, headers.location]).toEqual([redirect, host, wanted])
    }
    expect(world.backend('a').requests.at(-1)).toMatchObject({ host: 'inner.example.com', path: '/inner/x?status=401' })
  })

  it('the first that matches counts, and what cannot be is refused', async () => {
    await overridden(
      '{match: {statusCodes: [{value: 404}]}, response: {statusCode: 298}}, {match: {statusCodes: [{type: Range, range: {start: 400, end: 499}}]}, response: {statusCode: 299}}',
    )
    expect([await status('/?status=404'), await status('/?status=400')]).toEqual([298, 299])
    await world.write(routeTo('a'), onRoute('responseOverride: [{match: {statusCodes: [{value: 404}]}, redirect: {statusCode: 304}}]'))
    expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
    expect(await status('/?status=404')).toBe(404)
    // With another length, what follows is the next answer on the connection.
    await world.write(
      routeTo('a'),
      onRoute(
        'responseOverride: [{match: {statusCodes: [{value: 404}]}, response: {body: long, header: {add: [{name: Content-Length, value: "1"}]}}}]',
      ),
    )
    expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
  })
})
