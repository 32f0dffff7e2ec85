/** `gatewayctl explain` with files; docs/tasks/why-a-request.md has more of what it prints. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { runGatewayctl } from '../run-gatewayctl.js'

const OBJECTS = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: headgate }
spec: { controllerName: headgate.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public }
spec: { gatewayClassName: headgate, listeners: [{ name: http, port: 80, protocol: HTTP, hostname: "*.shop.test" }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: inside }
spec: { gatewayClassName: headgate, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: closed }
spec:
  parentRefs: [{ name: public }]
  hostnames: [www.shop.test]
  rules: [{ matches: [{ path: { value: /closed } }], filters: [{ type: RequestRedirect, requestRedirect: { port: 81 } }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: nowhere }
spec: { parentRefs: [{ name: public }], hostnames: [www.else.test] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: broken }
spec:
  parentRefs: [{ name: public }]
  hostnames: [broken.shop.test]
  rules:
    - { matches: [{ path: { value: /ghost } }], backendRefs: [{ name: ghost, port: 80 }] }
    - { matches: [{ path: { value: /typo } }], backendRef: [{ name: ghost, port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: tls }
spec:
  gatewayClassName: headgate
  listeners:
    - { name: web, port: 444, protocol: HTTPS, hostname: web.shop.test, tls: { certificateRefs: [{ name: missing }] } }
---
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: { name: keys }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: closed }]
  apiKeyAuth: { credentialRefs: [{ name: none }], extractFrom: [{ headers: [x-key] }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: lost }
spec: { parentRefs: [{ name: publik }], hostnames: [www.else.test] }
`

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-cli-'))
  writeFileSync(join(folder, 'objects.yaml'), OBJECTS)
})
afterAll(() => rmSync(folder, { recursive: true }))

async function explain(...args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  let text = ''
  const write = (part: string): void => {
    text += part
  }
  const code = await runGatewayctl(['explain', '-f', '.', ...args], {
    environment: {},
    out: write,
    error: write,
    isTerminal: false,
    now: () => 0,
    workingFolder: folder,
  })
  return { code, text }
}

it('says why a rule is closed', async () => {
  expect(await explain('--gateway', 'default/public', 'http://WWW.shop.test/closed')).toEqual({
    code: 3,
    text: [
      'request     GET http://WWW.shop.test/closed',
      'listener    default/public on 127.0.0.2:8080, filter chain http',
      'host        www.shop.test',
      'result      500: something that the rule asks for cannot be used',
      '              by HTTPRoute/default/closed spec.rules[0].matches[0] (objects.yaml:23:23)',
      'policies    cannot be used: SecurityPolicy/default/keys',
      '              target default/public: Accepted: RefNotFound: apiKeyAuth.credentialRefs: the Secret "default/none" does not exist.',
      '',
    ].join('\n'),
  })
})

it('says what a route that answers an error says of itself, and its file', async () => {
  const because = async (path: string) =>
    (await explain('--gateway', 'public', `http://broken.shop.test${path}`)).text.match(/^because .*\n( .*\n)*/m)?.[0]
  const ghost = 'because     parent public: ResolvedRefs: BackendNotFound: The Service "default/ghost" does not exist.\n'
  const typo = `            objects.yaml:38:48: HTTPRoute/default/broken: unknown field "spec.rules[1].backendRef"; it is dropped: is "backendRefs" meant?\n`
  expect(await because('/ghost')).toBe(`${ghost}${typo}`)
  expect(await because('/typo')).toBe(`${ghost}${typo}`)
})

it('tells a rule without a backend from one that is closed', async () => {
  const { text } = await explain('--gateway', 'public', 'http://broken.shop.test/ghost')
  expect(text).toContain('result      500: the rule has no usable backend with a weight above 0\n')
})

it('says what is asked for and not served', async () => {
  const { code, text } = await explain('-H', 'Host: www.else.test', 'http://127.0.0.2:8080/')
  expect(code).toBe(3)
  expect(text).toBe(
    [
      'request     GET http://127.0.0.2:8080/',
      'listener    default/public on 127.0.0.2:8080, filter chain http',
      'host        www.else.test: served are *.shop.test, broken.shop.test, www.shop.test',
      'result      404: no route serves the host www.else.test',
      "not served  HTTPRoute/default/nowhere: parent public: Accepted: NoMatchingListenerHostname: None of the route's hostnames is covered by a listener; the listeners serve *.shop.test.",
      '            HTTPRoute/default/lost: spec.parentRefs[0]: there is no Gateway "default/publik": correct the name',
      '',
    ].join('\n'),
  )
})

it('has what objects say of themselves for programs as well', async () => {
  const said = async (...question: readonly string[]) => {
    const [{ because, unserved }] = JSON.parse((await explain('-o', 'json', '--gateway', 'public', ...question)).text)
    return [because.length, unserved.length]
  }
  expect(await said('http://broken.shop.test/ghost')).toEqual([2, 0])
  expect(await said('http://www.else.test/')).toEqual([0, 2])
  expect(await said('http://www.shop.test/')).toEqual([0, 0])
})

it('asks all Gateways that may be meant', async () => {
  const { text } = await explain('http://www.shop.test/')
  expect(text.match(/^listener.*$/gm)).toEqual([
    'listener    default/inside on 127.0.0.1:8080, filter chain http',
    'listener    default/public on 127.0.0.2:8080, filter chain http',
  ])
})

it('says where nobody listens', async () => {
  expect(await explain('http://www.shop.test:99/')).toEqual({
    code: 3,
    text: expect.stringMatching(
      /^no listener No Gateway has a listener for TCP on port 99 that is served. gatewayctl status shows where Gateways listen.\n/,
    ),
  })
  expect((await explain('--gateway', 'default/none', 'http://www.shop.test/')).text).toBe(
    'no listener The Gateway default/none is not there, or has no listener for TCP on port 80 that is served. gatewayctl status shows where Gateways listen.\n',
  )
})

it('says which listener is written for the port and not served, and why', async () => {
  const why = 'Gateway/default/tls listener web (HTTPS 444): '
  const missing = 'Secret "default/missing" does not exist.'
  expect(await explain('https://web.shop.test:444/')).toEqual({
    code: 3,
    text: [
      'no listener No Gateway has a listener for TCP on port 444 that is served. gatewayctl status shows where Gateways listen.',
      `not served  ${why}ResolvedRefs: InvalidCertificateRef: ${missing}`,
      `            ${why}Programmed: Invalid: ${missing}`,
      '',
    ].join('\n'),
  })
})

it('takes addresses and names of Gateways only where they are some', async () => {
  expect(await explain('--from', 'home', 'http://a.test/')).toMatchObject({ code: 2, text: expect.stringContaining('Write an IP address') })
  expect(await explain('--gateway', 'a/b/c', 'http://a.test/')).toMatchObject({ code: 2, text: expect.stringContaining('NAMESPACE/NAME') })
})

it('teaches how a request is written', async () => {
  expect((await explain('http://')).text).toContain('Write a URL such as https://www.example.com/shop?id=1.')
  expect(await explain('-H', 'x', 'http://a.test/')).toMatchObject({
    code: 2,
    text: expect.stringContaining("Write a header as 'Name: value'."),
  })
})

it('says everything as JSON', async () => {
  const { text } = await explain('-o', 'json', '--gateway', 'default/inside', 'http://www.shop.test/')
  expect(JSON.parse(text)).toMatchObject([{ gateways: ['default/inside'], outcomes: [{ does: 'answer', status: 404 }] }])
})
