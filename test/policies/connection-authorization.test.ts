/** Who may connect to TLSRoutes and TCPRoutes, by SecurityPolicy, through the real Envoy: what rules do, and what attackers get. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { backend, gateway } from '../features/manifests.js'
import { eventually } from '../support/eventually.js'
import { brief, type Standalone, startTestStandalone } from '../support/standalone.js'
import { type StreamBackend, startTcpBackend } from '../support/stream-backend.js'

const PORT = 9411
let headgate: Standalone
let service: StreamBackend

beforeAll(async () => {
  service = await startTcpBackend('db')
  headgate = await startTestStandalone()
  await headgate.write('base', base())
}, 60_000)
afterAll(async () => {
  await headgate?.stop()
  await service?.close()
})

function base(): string {
  const listeners = `[{name: t, port: ${PORT}, protocol: TCP}, {name: h, port: 80, protocol: HTTP}]`
  return [gateway('gw', listeners), backend(service), TCP_ROUTE].join('---')
}

const TCP_ROUTE = `
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {name: db}
spec:
  parentRefs: [{name: gw, sectionName: t}]
  rules: [{name: main, backendRefs: [{group: headgate.dev, kind: Backend, name: db}]}]
`

const ABOUT_ROUTE = 'targetRefs: [{group: gateway.networking.k8s.io, kind: TCPRoute, name: db}]'
const ABOUT_RULE = ABOUT_ROUTE.replace('name: db', 'name: db, sectionName: main')
const ABOUT_GATEWAY = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]'
const ABOUT_LISTENER = 'targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw, sectionName: t}]'

function policy(spec: string): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: p}
spec: {${spec}}
`
}

const rules = (list: string, otherwise = 'Deny') => `authorization: {defaultAction: ${otherwise}, rules: [${list}]}`
const from = (range: string, action = 'Allow') => `{action: ${action}, principal: {clientCIDRs: [${range}]}}`

/** What a client with an address gets for some bytes; `closed` when it gets nothing. */
function ask(localAddress: string, bytes = 'hello'): Promise<string> {
  const { address, port } = headgate.place('default/gw', PORT)
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, localAddress })
    socket.setTimeout(10_000, () => socket.destroy(new Error('nothing came')))
    socket.on('error', () => resolve('closed'))
    socket.on('close', () => resolve('closed'))
    socket.on('data', (chunk) => {
      resolve(chunk.toString('latin1'))
      socket.destroy()
    })
    socket.write(Buffer.from(bytes, 'latin1'))
  })
}

describe('connections', () => {
  it.each([
    { what: 'from a range that is allowed', spec: rules(from('127.0.0.8/32')), local: 'db: hello', other: 'closed' },
    { what: 'from anywhere, and nobody is allowed', spec: 'authorization: {}', local: 'closed', other: 'closed' },
    { what: 'from a range that is denied', spec: rules(from('127.0.0.8/32', 'Deny'), 'Allow'), local: 'closed', other: 'db: hello' },
    {
      what: 'from a range that the first rule allows and the second denies',
      spec: rules(`${from('127.0.0.8/32')}, ${from('127.0.0.0/8', 'Deny')}`, 'Allow'),
      local: 'db: hello',
      other: 'closed',
    },
  ])(
    '$what',
    async ({ spec, local, other }) => {
      for (const about of [ABOUT_RULE, ABOUT_ROUTE, ABOUT_LISTENER, ABOUT_GATEWAY]) {
        await headgate.write('policy', policy(`${about}, ${spec}`))
        const status = headgate.status('SecurityPolicy/default/p')
        expect(status.shape === 'policy' && status.ancestors.map(({ conditions }) => brief(conditions))).toEqual([
          ['Accepted=True/Accepted'],
        ])
        expect([about, await ask('127.0.0.8'), await ask('127.0.0.9')]).toEqual([about, local, other])
      }
    },
    30_000,
  )

  it('are closed by rules about requests: of a Gateway they may allow none of them, and deny each', async () => {
    for (const [spec, says] of [
      [rules('{action: Allow, operation: {methods: [GET]}}'), 'it allows none'],
      [rules('{action: Deny, operation: {methods: [GET]}}', 'Allow'), 'it denies every one'],
    ] as const) {
      await headgate.write('policy', policy(`${ABOUT_GATEWAY}, ${spec}`))
      expect(await ask('127.0.0.8')).toBe('closed')
      const status = headgate.status('SecurityPolicy/default/p')
      const conditions = status.shape === 'policy' ? (status.ancestors[0]?.conditions ?? []) : []
      expect(brief(conditions)).toEqual(['Accepted=True/Accepted', 'PartiallyInvalid=True/UnsupportedValue'])
      expect(conditions[1]?.message).toContain(
        `authorization.rules[0]: the rule is about requests, and of connections of TCPRoutes and TLSRoutes ${says}`,
      )
    }
  }, 30_000)

  it.each([rules('{action: Allow, operation: {methods: [GET]}}'), 'csrf: {}', rules(from('127.0.0.1'))])(
    'are closed by a policy about their route that cannot be used: %s',
    async (spec) => {
      for (const about of [ABOUT_ROUTE, ABOUT_RULE]) {
        await headgate.write('policy', policy(`${about}, ${spec}`))
        const status = headgate.status('SecurityPolicy/default/p')
        expect(status.shape === 'policy' && status.ancestors.map(({ conditions }) => brief(conditions))).toEqual([
          ['Accepted=False/UnsupportedValue'],
        ])
        expect([about, await ask('127.0.0.8')]).toEqual([about, 'closed'])
        await headgate.remove('policy')
      }
    },
    30_000,
  )

  it('say which of several policies decides about them, and find those that select their route', async () => {
    const conditions = (name: string) => {
      const status = headgate.status(`SecurityPolicy/default/${name}`)
      return status.shape === 'policy' && status.ancestors.map((each) => brief(each.conditions))
    }
    const named = (name: string, spec: string) => policy(spec).replace('{name: p}', `{name: ${name}}`)
    const open = 'authorization: {defaultAction: Allow}'
    const closed = 'authorization: {}'
    const labelled = base().replace(
      'metadata: {name: db}\nspec:\n  parentRefs',
      'metadata: {name: db, labels: {a: b}}\nspec:\n  parentRefs',
    )
    await headgate.write('base', labelled)
    try {
      await headgate.write('policy', [named('p', `${ABOUT_ROUTE}, ${open}`), named('q', `${ABOUT_ROUTE}, ${closed}`)].join('---'))
      expect([conditions('p'), conditions('q')]).toEqual([[['Accepted=True/Accepted']], [['Accepted=False/Conflicted']]])
      expect(await ask('127.0.0.8')).toBe('db: hello')
      await headgate.write('policy', [named('p', `${ABOUT_GATEWAY}, ${open}`), named('q', `${ABOUT_RULE}, ${closed}`)].join('---'))
      expect([conditions('p'), conditions('q')]).toEqual([
        [['Accepted=True/Accepted', 'Overridden=True/Overridden']],
        [['Accepted=True/Accepted']],
      ])
      expect(await ask('127.0.0.8')).toBe('closed')
      await headgate.write('policy', named('p', `targetSelectors: [{kind: TCPRoute, matchLabels: {a: b}}], ${closed}`))
      expect(conditions('p')).toEqual([['Accepted=True/Accepted']])
      expect(await ask('127.0.0.8')).toBe('closed')
    } finally {
      await headgate.remove('policy')
      await headgate.write('base', base())
    }
  }, 60_000)

  it('are open again when the policy is gone', async () => {
    await headgate.write('policy', policy(`${ABOUT_ROUTE}, authorization: {}`))
    expect(await ask('127.0.0.8')).toBe('closed')
    await headgate.remove('policy')
    expect(await ask('127.0.0.8')).toBe('db: hello')
  }, 30_000)
})

describe('a server that speaks first', () => {
  /** What a client that says nothing hears until the connection ends, or for a while. */
  async function listen(localAddress: string): Promise<string> {
    const { address, port } = headgate.place('default/gw', PORT)
    const heard: string[] = []
    const socket = connect({ host: address, port, localAddress }).on('data', (chunk) => heard.push(chunk.toString('latin1')))
    const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()).on('error', () => resolve()))
    const isEnded = await Promise.race([ended.then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, 1000, false))])
    socket.destroy()
    return `${heard.join('')}${isEnded ? ' closed' : ''}`
  }

  it('tells nothing to clients that may not connect, and is not connected to for them', async () => {
    const callers: Socket[] = []
    const server = createServer((socket) => {
      callers.push(socket)
      socket.on('error', () => {}).write('welcome')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const greeter = backend({ name: 'greeter', port: (server.address() as AddressInfo).port })
    const route = TCP_ROUTE.replaceAll('db', 'greeter').replace('sectionName: t', 'sectionName: first')
    const listeners = `[{name: t, port: ${PORT + 1}, protocol: TCP}, {name: h, port: 80, protocol: HTTP}, {name: first, port: ${PORT}, protocol: TCP}]`
    await headgate.write('base', [gateway('gw', listeners), greeter, route].join('---'))
    try {
      expect(await listen('127.0.0.8')).toBe('welcome')
      const about = ABOUT_ROUTE.replace('db', 'greeter')
      for (const [spec, allowed, denied] of [
        [rules(from('127.0.0.8/32')), '127.0.0.8', '127.0.0.9'],
        [rules(from('127.0.0.8/32', 'Deny'), 'Allow'), '127.0.0.9', '127.0.0.8'],
        [rules(`${from('127.0.0.8/32')}, ${from('127.0.0.0/8', 'Deny')}`, 'Allow'), '127.0.0.8', '127.0.0.9'],
      ] as const) {
        await headgate.write('policy', policy(`${about}, ${spec}`))
        // An Envoy says that it has a listener before all its threads have.
        await eventually(async () => expect([spec, await listen(denied)]).toEqual([spec, ' closed']))
        expect([spec, await listen(allowed)]).toEqual([spec, 'welcome'])
        const before = callers.length
        expect([spec, await listen(denied), callers.length]).toEqual([spec, ' closed', before])
      }
      await headgate.write('policy', policy(`${about}, authorization: {}`))
      await eventually(async () => expect(await listen('127.0.0.8')).toBe(' closed'))
    } finally {
      await headgate.remove('policy')
      for (const socket of callers) socket.destroy()
      server.close()
      await headgate.write('base', base())
    }
  }, 60_000)
})

describe('attempts to connect from an address that is not allowed', () => {
  const PROXY_V2 = '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x08\x7f\0\0\x01\x1f\x90\x1f\x90'
  const attempts = [
    { how: 'PROXY v1', bytes: 'PROXY TCP4 127.0.0.8 127.0.0.1 8080 8080\r\nhello' },
    { how: 'PROXY v1, unknown', bytes: 'PROXY UNKNOWN\r\nhello' },
    { how: 'PROXY v2', bytes: `${PROXY_V2}hello` },
    { how: 'HTTP with x-forwarded-for', bytes: 'GET / HTTP/1.1\r\nhost: db\r\nx-forwarded-for: 127.0.0.8\r\n\r\n' },
    { how: 'HTTP with forwarded', bytes: 'GET / HTTP/1.1\r\nhost: db\r\nforwarded: for=127.0.0.8\r\n\r\n' },
    { how: 'HTTP/2', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
    { how: 'CONNECT', bytes: 'CONNECT db:80 HTTP/1.1\r\nhost: db\r\n\r\n' },
    { how: 'the start of TLS', bytes: '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00' },
    { how: 'SOCKS', bytes: '\x05\x01\x00' },
    { how: 'one byte', bytes: 'x' },
    { how: 'much', bytes: 'x'.repeat(100_000) },
    { how: 'a NUL', bytes: '\0hello' },
  ]

  it('reach the backend without the policy, and not with it', async () => {
    for (const { how, bytes } of attempts) expect([how, await ask('127.0.0.9', bytes)]).toEqual([how, expect.stringMatching(/^db: /)])
    await headgate.write('policy', policy(`${ABOUT_ROUTE}, ${rules(from('127.0.0.8/32'))}`))
    for (const { how, bytes } of attempts) expect([how, await ask('127.0.0.9', bytes)]).toEqual([how, 'closed'])
    expect(await ask('127.0.0.8')).toBe('db: hello')
    await headgate.remove('policy')
  }, 60_000)
})
