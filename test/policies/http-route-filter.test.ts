/** HTTPRouteFilter through the real Envoy: what requests get, and what an attacker gets. */
import { describe, expect, it } from '@jest/globals'
import { httpRoute, route, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { rawRequest } from './client-manifests.js'
import { policyField } from './coverage/policy-field.js'
import { pipelined, sendRaw } from './raw-http.js'

const world = featureWorld(['a', 'b'])

const uses = (name: string) => `{type: ExtensionRef, extensionRef: {group: headgate.dev, kind: HTTPRouteFilter, name: ${name}}}`
const ROUTE = httpRoute('r', `[${under('/f', `filters: [${uses('f')}], ${to('a')}`)}, {${to('b')}}]`)
const ANSWERING = httpRoute('r', `[${under('/f', `filters: [${uses('f')}]`)}, {${to('b')}}]`)

function filter(spec: string, name = 'f'): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: HTTPRouteFilter
metadata: {name: ${name}}
spec: {${spec}}
`
}

function secret(name: string, credential: string): string {
  return `\n{apiVersion: v1, kind: Secret, metadata: {name: ${name}}, stringData: {credential: ${JSON.stringify(credential)}}}\n`
}

const RESOLVED = expect.arrayContaining(['ResolvedRefs=True/ResolvedRefs'])
const INVALID = expect.arrayContaining(['ResolvedRefs=False/InvalidFilterRef'])

describe('directResponse', () => {
  policyField(
    ['HTTPRouteFilter directResponse.{statusCode,contentType,header}', 'HTTPRouteFilter directResponse.body.{type,inline}'],
    'answers with a status, a type, a body and headers of its own',
    async () => {
      const header = 'header: {set: [{name: x-why, value: 100% closed}], add: [{name: cache-control, value: no-store}]}'
      await world.write(
        ANSWERING,
        filter(
          `directResponse: {statusCode: 503, contentType: application/json, body: {inline: '{"closed": "100% %REQ(x)%"}'}, ${header}}`,
        ),
      )
      expect(world.conditions('HTTPRoute/default/r')).toEqual(RESOLVED)
      const answer = await world.ask({ path: '/f', headers: { x: 'y' } })
      expect(answer).toMatchObject({
        status: 503,
        body: '{"closed": "100% %REQ(x)%"}',
        headers: { 'content-type': 'application/json', 'x-why': '100% closed', 'cache-control': 'no-store' },
      })
      expect(await world.answerer({ path: '/' })).toBe('b')
    },
  )

  it.each([
    [
      'directResponse',
      'directResponse: {body: {inline: "a longer body"}, header: {set: [{name: Content-Length, value: "2"}]}}',
      () => ANSWERING,
    ],
    ['credentialInjection', 'credentialInjection: {header: content-length, credential: {valueRef: {name: c}}}', () => ROUTE],
  ])('%s writes no header that says where a message ends', async (_what, spec, route) => {
    await world.write(route(), filter(spec), secret('c', '2'))
    expect(world.conditions('HTTPRoute/default/r')).toEqual(INVALID)
    expect((await world.ask({ path: '/f' })).status).toBe(500)
  })

  it.each([204, 205, 304])('has no body with %s: clients would take it for the next answer', async (statusCode) => {
    await world.write(ANSWERING, filter(`directResponse: {statusCode: ${statusCode}, body: {inline: hello, isTemplate: true}}`))
    const answers = await pipelined(world.headgate.place('default/gw', 80), [rawRequest('GET /f HTTP/1.1'), rawRequest('GET / HTTP/1.1')])
    expect(answers).toMatch(new RegExp(`^HTTP/1.1 ${statusCode} [^]*?\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\n`))
  })

  policyField(['HTTPRouteFilter directResponse.body.valueRef'], 'answers with the body of a ConfigMap, and follows it', async () => {
    const map = (data: string) => `\n{apiVersion: v1, kind: ConfigMap, metadata: {name: page}, data: ${data}}\n`
    const page = filter('directResponse: {body: {type: ValueRef, valueRef: {group: "", kind: ConfigMap, name: page}}}')
    const get = async () => (({ status, body, headers }) => [status, body, headers['content-type']])(await world.ask({ path: '/f' }))
    await world.write(ANSWERING, page, map('{only: one}'))
    expect(await get()).toEqual([200, 'one', 'text/plain'])
    await world.write(ANSWERING, page, map('{other: x, response.body: two}'))
    expect(await get()).toEqual([200, 'two', 'text/plain'])
    for (const wrong of ['{a: x, b: y}', `{only: ${'x'.repeat(65_537)}}`]) {
      await world.write(ANSWERING, page, map(wrong))
      expect(world.conditions('HTTPRoute/default/r')).toEqual(INVALID)
      expect(await world.answerer({ path: '/f' })).toBe(500)
      expect(await world.answerer({ path: '/' })).toBe('b')
    }
    await world.write(ANSWERING, page)
    expect(await world.answerer({ path: '/f' })).toBe(500)
  })

  policyField(['HTTPRouteFilter directResponse.body.isTemplate'], 'fills templates', async () => {
    const template = (inline: string) =>
      filter(`directResponse: {contentType: text/x, body: {isTemplate: true, inline: ${JSON.stringify(inline)}}}`)
    await world.write(ANSWERING, template('100%% %REQ(X-Name?X-Other):5% %PROTOCOL%'))
    expect(await world.ask({ path: '/f', headers: { 'x-name': 'anneliese' } })).toMatchObject({
      status: 200,
      body: '100% annel HTTP/1.1',
      headers: { 'content-type': 'text/x' },
    })
    for (const wrong of ['100%', '%REQ(a', '%NO_SUCH_WORD%', '%ENVIRONMENT(HOME)%', '%FILE_CONTENT(/etc/passwd)%', '%REQ(a)b%']) {
      await world.write(ANSWERING, template(wrong))
      expect([wrong, world.conditions('HTTPRoute/default/r')]).toEqual([wrong, INVALID])
      expect(await world.answerer({ path: '/f' })).toBe(500)
    }
  })

  it('the longest body is taken, and a GRPCRoute can answer as well', async () => {
    await world.write(ANSWERING, filter(`directResponse: {body: {inline: ${'x'.repeat(65_536)}}}`))
    expect((await world.ask({ path: '/f' })).body).toHaveLength(65_536)
    await world.write(route('GRPCRoute', 'r', `[{filters: [${uses('f')}]}]`), filter('directResponse: {statusCode: 418}'))
    expect(await world.answerer({ path: '/s/m', headers: { 'content-type': 'application/grpc' } })).not.toBe(404)
  }, 60_000)
})

describe('urlRewrite', () => {
  policyField(
    ['HTTPRouteFilter urlRewrite.path.type', 'HTTPRouteFilter urlRewrite.path.replaceRegexMatch.{pattern,substitution}'],
    'replaces what an expression finds in the path, and keeps the query',
    async () => {
      await world.write(
        ROUTE,
        filter(
          String.raw`urlRewrite: {path: {type: ReplaceRegexMatch, replaceRegexMatch: {pattern: "^/f/([a-z]+)/([0-9]+)", substitution: "/\\2/\\1"}}}`,
        ),
      )
      expect((await world.ask({ path: '/f/item/7?q=/f/x/1' })).echo?.path).toBe('/7/item?q=/f/x/1')
      expect((await world.ask({ path: '/f/7' })).echo?.path).toBe('/f/7')
    },
  )

  policyField(
    ['HTTPRouteFilter urlRewrite.hostname.{type,header}', 'HTTPRouteFilter urlRewrite.appendXForwardedHost'],
    'takes the host from a header, and tells the backend the old one',
    async () => {
      const seen = async (headers: Readonly<Record<string, string>> = {}) => {
        const { echo } = await world.ask({ path: '/f', headers })
        return [echo?.host, echo?.headers['x-forwarded-host']]
      }
      await world.write(ROUTE, filter('urlRewrite: {hostname: {type: Header, header: X-Tenant}}'))
      expect(await seen({ 'x-tenant': 'blue.example' })).toEqual(['blue.example', undefined])
      expect(await seen()).toEqual(['example.com', undefined])
      await world.write(ROUTE, filter('urlRewrite: {hostname: {type: Header, header: X-Tenant}, appendXForwardedHost: true}'))
      expect(await seen({ 'x-tenant': 'blue.example' })).toEqual(['blue.example', 'example.com'])
    },
  )

  policyField(['HTTPRouteFilter urlRewrite.hostname.pathRegex.{pattern,substitution}'], 'makes the host from the path', async () => {
    await world.write(
      ROUTE,
      filter(
        String.raw`urlRewrite: {hostname: {type: PathRegex, pathRegex: {pattern: "^/f/([a-z]+)(/.*)?$", substitution: "\\1.example"}}}`,
      ),
    )
    expect((await world.ask({ path: '/f/blue/x?y=1' })).echo).toMatchObject({ host: 'blue.example', path: '/f/blue/x?y=1' })
  })

  policyField(['HTTPRouteFilter urlRewrite.hostname.type'], 'takes the DNS name of the endpoint', async () => {
    const named = `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: named}
spec: {endpoints: [{fqdn: {hostname: localhost, port: ${world.backend('a').port}}}]}
`
    const ofBackend = filter('urlRewrite: {hostname: {type: Backend}}')
    await world.write(httpRoute('r', `[{filters: [${uses('f')}], ${to('named')}}]`), ofBackend, named)
    await eventually(async () => expect((await world.ask({})).echo?.host).toBe('localhost'), 20_000)
    await world.write(ROUTE, ofBackend)
    expect((await world.ask({ path: '/f' })).echo?.host).toBe('example.com')
  })

  policyField(['Backend endpoints.hostname'], 'or the host that the Backend gives an endpoint', async () => {
    const known = (address: string) => `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: named}
spec: {endpoints: [{${address}, hostname: inner.example}]}
`
    const ofBackend = filter('urlRewrite: {hostname: {type: Backend}}')
    const { port } = world.backend('a')
    for (const address of [`ip: {address: 127.0.0.1, port: ${port}}`, `fqdn: {hostname: localhost, port: ${port}}`]) {
      await world.write(httpRoute('r', `[{filters: [${uses('f')}], ${to('named')}}]`), ofBackend, known(address))
      await eventually(async () => expect((await world.ask({})).echo?.host).toBe('inner.example'), 20_000)
      await world.write(httpRoute('r', `[{${to('named')}}]`), known(address))
      await eventually(async () => expect((await world.ask({})).echo?.host).toBe('example.com'), 20_000)
    }
  })

  it('the later of two filters that say the host counts', async () => {
    const literal = '{type: URLRewrite, urlRewrite: {hostname: literal.example}}'
    const ofHeader = filter('urlRewrite: {hostname: {type: Header, header: x-tenant}}')
    for (const [order, want] of [
      [[literal, uses('f')], 'blue.example'],
      [[uses('f'), literal], 'literal.example'],
    ] as const) {
      await world.write(httpRoute('r', `[{filters: [${order.join(', ')}], ${to('a')}}]`), ofHeader)
      expect((await world.ask({ headers: { 'x-tenant': 'blue.example' } })).echo?.host).toBe(want)
    }
  }, 60_000)
})

describe('credentialInjection', () => {
  policyField(
    ['HTTPRouteFilter credentialInjection.{header,overwrite}', 'HTTPRouteFilter credentialInjection.credential.valueRef'],
    'adds the credential of a Secret, follows it, and replaces only where it is told to',
    async () => {
      const inject = (rest: string) => filter(`credentialInjection: {${rest}credential: {valueRef: {name: key}}}`)
      const seen = async (headers: Readonly<Record<string, string>> = {}) => (await world.ask({ path: '/f', headers })).echo?.headers
      await world.write(ROUTE, inject(''), secret('key', 'Bearer hidden-one\n'))
      await eventually(async () => expect(await seen()).toMatchObject({ authorization: 'Bearer hidden-one' }))
      expect(await seen({ authorization: 'mine' })).toMatchObject({ authorization: 'mine' })
      expect((await world.ask({ path: '/' })).echo?.headers.authorization).toBeUndefined()
      await world.write(ROUTE, inject('overwrite: true, header: X-Key, '), secret('key', 'hidden-two'))
      await eventually(async () => expect(await seen({ 'x-key': 'mine' })).toMatchObject({ 'x-key': 'hidden-two' }))
    },
  )

  it('the first credential of a Gateway, and its removal, change no listener', async () => {
    const listeners = () =>
      [...world.headgate.running.controlPlane.snapshots.resources('local', LISTENER).values()].map(({ version }) => version)
    await world.write(ROUTE, filter('urlRewrite: {appendXForwardedHost: true}'))
    const before = listeners()
    await world.write(ROUTE, filter('credentialInjection: {credential: {valueRef: {name: key}}}'), secret('key', 'hidden'))
    expect(listeners()).toEqual(before)
    await world.write(httpRoute('r', `[{${to('a')}}]`))
    expect(listeners()).toEqual(before)
  }, 60_000)

  it('a credential stands in no dump and in no status', async () => {
    const words = 'Bearer shown-to-nobody'
    await world.write(ROUTE, filter('credentialInjection: {credential: {valueRef: {name: key}}}'), secret('key', words))
    await eventually(async () => expect((await world.ask({ path: '/f' })).echo?.headers.authorization).toBe(words))
    const { adminPort, sources } = world.headgate.running
    for (const path of ['/dump/all', '/status', '/history']) {
      const answer = await fetch(`http://127.0.0.1:${adminPort}${path}`)
      const text = await answer.text()
      expect([path, answer.status, text.includes('shown-to-nobody')]).toEqual([path, 200, false])
    }
    expect(JSON.stringify([...sources.statuses()])).not.toContain('shown-to-nobody')
  }, 60_000)

  it.each([
    { what: 'a Secret that does not exist', objects: [], ref: 'name: key' },
    {
      what: 'a Secret without the key',
      objects: ['\n{apiVersion: v1, kind: Secret, metadata: {name: key}, stringData: {other: x}}\n'],
      ref: 'name: key',
    },
    { what: 'two lines', objects: [secret('key', 'a\r\nx-admin: yes')], ref: 'name: key' },
    { what: 'nothing', objects: [secret('key', '  \n')], ref: 'name: key' },
    { what: 'another kind', objects: [], ref: 'kind: ConfigMap, name: key' },
    { what: 'another namespace without a grant', objects: [], ref: 'name: key, namespace: elsewhere' },
  ])(
    '$what: requests get 500, and no other rule notices',
    async ({ objects, ref }) => {
      await world.write(ROUTE, filter(`credentialInjection: {credential: {valueRef: {${ref}}}}`), ...objects)
      expect(world.conditions('HTTPRoute/default/r')).toEqual(INVALID)
      expect(await world.answerer({ path: '/f' })).toBe(500)
      expect(await world.answerer({ path: '/' })).toBe('b')
    },
    60_000,
  )

  it('another namespace with a grant', async () => {
    const elsewhere = '\n{apiVersion: v1, kind: Secret, metadata: {name: key, namespace: elsewhere}, stringData: {credential: granted}}\n'
    const grant = `
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: g, namespace: elsewhere}
spec: {from: [{group: headgate.dev, kind: HTTPRouteFilter, namespace: default}], to: [{group: "", kind: Secret}]}
`
    await world.write(ROUTE, filter('credentialInjection: {credential: {valueRef: {name: key, namespace: elsewhere}}}'), elsewhere, grant)
    await eventually(async () => expect((await world.ask({ path: '/f' })).echo?.headers.authorization).toBe('granted'))
  }, 60_000)

  it('where a program leads a request to another rule, the credential is that of the other rule', async () => {
    const led = (name: string, rest: string) =>
      `name: ${name}, matches: [{path: {value: /f}, headers: [{name: x-to, value: ${name}}]}], ${rest}${to('b')}`
    const rules = `[{${led('with', `filters: [${uses('g')}], sessionPersistence: {sessionName: s, cookie: {lifetimeType: Session}}, `)}}, {${led('without', '')}}, {name: f, matches: [{path: {value: /f}}], filters: [${uses('f')}], ${to('a')}}]`
    const script =
      'function envoy_on_request(handle) handle:headers():replace("x-to", handle:headers():get("x-wish") or ""); handle:clearRouteCache() end'
    const program = `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: leads}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: f}]
  lua: [{inline: ${JSON.stringify(script)}}]
`
    const inject = (name: string, key: string) => filter(`credentialInjection: {credential: {valueRef: {name: ${key}}}}`, name)
    const objects = [inject('f', 'key'), inject('g', 'other'), secret('key', 'of-f'), secret('other', 'of-g'), program]
    await world.write(httpRoute('r', rules), ...objects)
    const seen = async (wish: string) => {
      const { echo } = await world.ask({ path: '/f', headers: { 'x-wish': wish } })
      return [echo?.backend, echo?.headers.authorization]
    }
    await eventually(async () => expect(await seen('')).toEqual(['a', 'of-f']))
    expect(await seen('with')).toEqual(['b', 'of-g'])
    expect(await seen('without')).toEqual(['b', undefined])
    // So it is where the first rule has nothing of it, and with sessions.
    await world.write(httpRoute('r', rules.replace(`filters: [${uses('f')}], `, '')), ...objects)
    await eventually(async () => expect(await seen('')).toEqual(['a', undefined]))
    expect(await seen('with')).toEqual(['b', 'of-g'])
    const cookies = async (wish: string) => (await world.ask({ path: '/f', headers: { 'x-wish': wish } })).headers['set-cookie']
    expect([await cookies('with'), await cookies('')]).toEqual([[expect.stringMatching(/^headgate-session-/)], undefined])
  }, 60_000)

  it('attempts to get the credential, or to get rid of it', async () => {
    const inject = filter('credentialInjection: {overwrite: true, credential: {valueRef: {name: key}}}')
    await world.write(ROUTE, inject, secret('key', 'Bearer hidden'))
    await eventually(async () => expect((await world.ask({ path: '/f' })).echo?.headers.authorization).toBe('Bearer hidden'))
    const attempts = [
      'authorization: mine',
      'Authorization: mine',
      'authorization: mine\r\nauthorization: mine',
      'authorization: Bearer hidden, mine',
      'authorization: ',
      'connection: authorization',
      'connection: close, authorization\r\nauthorization: mine',
    ]
    for (const header of attempts) {
      const request = `GET /f HTTP/1.1\r\nhost: example.com\r\n${header}\r\n\r\n`
      await sendRaw(world.headgate.place('default/gw', 80), request)
      expect([header, world.backend('a').requests.at(-1)?.headers.authorization]).toEqual([header, 'Bearer hidden'])
    }
  }, 60_000)
})

describe('matches', () => {
  policyField(
    ['HTTPRouteFilter matches.cookies.{type,name,value}'],
    'serves only requests with the cookies; others fall through',
    async () => {
      const with2 = filter(
        'matches: [{cookies: [{name: canary, value: "yes"}, {type: RegularExpression, name: group, value: "[ab]"}]}, {cookies: [{name: tester, value: "1"}]}]',
      )
      await world.write(httpRoute('r', `[{${to('b')}}, {filters: [${uses('f')}], ${to('a')}}]`), with2)
      const answerer = (cookie: string) => world.answerer({ headers: { cookie } })
      for (const good of ['canary=yes; group=a', 'x=1; group=b;canary=yes', 'tester=1', 'canary=no; tester=1']) {
        expect([good, await answerer(good)]).toEqual([good, 'a'])
      }
      for (const bad of [
        'canary=yes',
        'canary=yes; group=ab',
        'group=a',
        'Canary=yes; group=a',
        'xcanary=yes; group=a',
        'canary=yesyes; group=a',
        'tester=11',
      ]) {
        expect([bad, await answerer(bad)]).toEqual([bad, 'b'])
      }
      expect(await world.answerer()).toBe('b')
    },
  )

  it('an expression that is none closes the rule', async () => {
    await world.write(ROUTE, filter('matches: [{cookies: [{type: RegularExpression, name: a, value: "("}]}]'))
    expect(world.conditions('HTTPRoute/default/r')).toEqual(INVALID)
    expect(await world.answerer({ path: '/f' })).toBe(500)
    expect(await world.answerer({ path: '/' })).toBe('b')
  }, 60_000)
})

describe('references', () => {
  it.each([
    { what: 'a filter that does not exist', objects: [] },
    { what: 'an expression that is none', objects: [filter('urlRewrite: {path: {replaceRegexMatch: {pattern: "(", substitution: x}}}')] },
    {
      what: 'a group that is none',
      objects: [filter(String.raw`urlRewrite: {path: {replaceRegexMatch: {pattern: "a", substitution: "\\1"}}}`)],
    },
    {
      what: 'a backslash before a letter',
      objects: [filter(String.raw`urlRewrite: {path: {replaceRegexMatch: {pattern: "(a)", substitution: "\\x"}}}`)],
    },
    {
      what: 'a host from an expression that is none',
      objects: [filter('urlRewrite: {hostname: {type: PathRegex, pathRegex: {pattern: "[", substitution: x}}}')],
    },
  ])(
    '$what: requests get 500, and no other rule notices',
    async ({ objects }) => {
      await world.write(ROUTE, ...objects)
      expect(world.conditions('HTTPRoute/default/r')).toEqual(INVALID)
      expect(await world.answerer({ path: '/f' })).toBe(500)
      expect(await world.answerer({ path: '/' })).toBe('b')
    },
    60_000,
  )

  it('an answer beside a redirect closes the rule', async () => {
    const redirect = '{type: RequestRedirect, requestRedirect: {hostname: x.example}}'
    await world.write(httpRoute('r', `[{filters: [${uses('f')}, ${redirect}]}]`), filter('directResponse: {}'))
    expect(world.conditions('HTTPRoute/default/r')).toEqual(expect.arrayContaining(['PartiallyInvalid=True/UnsupportedValue']))
    expect(await world.answerer()).toBe(500)
  }, 60_000)

  it('of one of several backends such a filter closes its share', async () => {
    const refs = `[{group: headgate.dev, kind: Backend, name: a, filters: [${uses('f')}]}, {group: headgate.dev, kind: Backend, name: b}]`
    await world.write(httpRoute('r', `[{backendRefs: ${refs}}]`), filter('urlRewrite: {hostname: {type: Header, header: x}}'))
    expect(world.conditions('HTTPRoute/default/r')).toEqual(expect.arrayContaining(['PartiallyInvalid=True/UnsupportedValue']))
    const found = new Set(await Promise.all(Array.from({ length: 40 }, () => world.answerer())))
    expect([...found].sort()).toEqual([500, 'b'])
  }, 60_000)
})

const LISTENER = 'type.googleapis.com/envoy.config.listener.v3.Listener'
