/** What is said of requests and connections of the golden cases; that HTTP is what Envoy does is tested in test/explain. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type OfflineTranslation, translateOffline } from '../pipeline/translate-offline.js'
import type { Explanation, Outcome } from './explanation.js'
import { type Question, SCHEMES } from './question.js'

const golden = join(import.meta.dirname, '..', '..', 'test', 'golden')

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-explain-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A golden case with the class of its Gateways, and more. */
function translate(name: string, more = ''): Promise<OfflineTranslation> {
  const text = [readFileSync(join(golden, name, 'in.yaml'), 'utf8'), ...(more === '' ? [] : [more])].join('---')
  const file = join(folder, `${name}.yaml`)
  writeFileSync(file, text.includes('kind: GatewayClass') ? text : `${text}---\n${CLASS}`)
  return translateOffline({ names: [file], workingFolder: folder })
}

const CLASS = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: headgate }
spec: { controllerName: headgate.dev/gateway-controller }
`

const QUESTION: Question = { scheme: 'http', host: 'www.example.com', port: 80, method: 'GET', path: '/', headers: [] }

async function ask(translated: OfflineTranslation, question: Partial<Question>): Promise<readonly Explanation[]> {
  return translated.explain({ ...QUESTION, ...question })
}

/** What happens, briefly. */
function brief(outcome: Outcome): string {
  switch (outcome.does) {
    case 'forward':
    case 'stream':
      return `${outcome.does} ${outcome.cluster}`
    case 'redirect':
      return `${outcome.status} ${outcome.location}`
    case 'answer':
      return `${outcome.status} ${outcome.because}`
    case 'close':
    case 'drop':
      return `${outcome.does}: ${outcome.because}`
  }
}

const outcomes = (explanations: readonly Explanation[]): readonly string[] => explanations.flatMap((each) => each.outcomes.map(brief))

describe('connections that are not about HTTP', () => {
  it('go where their routes say', async () => {
    const translated = await translate('streams')
    const places = translated.listeners.map(({ protocol, port }) => ({ protocol, port }))
    const said = new Map<string, readonly string[]>()
    for (const { protocol, port } of places.filter((place) => place.protocol === 'TCP' || place.protocol === 'TLS'))
      for (const host of protocol === 'TLS' ? HOSTS : ['db.example.com'])
        said.set(`${protocol} ${port} ${host}`, outcomes(await ask(translated, { scheme: protocol === 'TLS' ? 'tls' : 'tcp', port, host })))
    expect(Object.fromEntries(said)).toEqual({
      'TCP 5432 db.example.com': ['close: Service/infra/app/1/tcp has no endpoints', 'close: no backend of it can be used'],
      'TLS 443 192.0.2.1': ['close: no listener takes a client that names no server (SNI): there are *.example.com, db.example.com'],
      'TLS 443 a.example.com': ['close: no backend of it can be used'],
      'TLS 443 other.test': ['close: no listener takes the server name other.test: there are *.example.com, db.example.com'],
      'TLS 443 db.example.com': ['close: Service/infra/app/1/passthrough has no endpoints'],
    })
  })
})

it('datagrams go where their routes say, each share for itself', async () => {
  const world = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: dns }
spec: { gatewayClassName: headgate, listeners: [{ name: udp, port: 53, protocol: UDP }, { name: tcp, port: 53, protocol: TCP }, { name: idle, port: 54, protocol: UDP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: UDPRoute
metadata: { name: dns }
spec:
  parentRefs: [{ name: dns, sectionName: udp }]
  rules:
    - backendRefs:
        - { group: headgate.dev, kind: Backend, name: one, weight: 5 }
        - { group: headgate.dev, kind: Backend, name: two, weight: 3 }
        - { group: headgate.dev, kind: Backend, name: missing, weight: 2 }
---
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: { name: one }
spec: { endpoints: [{ ip: { address: 192.0.2.1, port: 53 } }] }
---
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: { name: two }
spec: { endpoints: [{ fqdn: { hostname: dns.test, port: 53 } }] }
`
  const file = join(folder, 'datagrams.yaml')
  writeFileSync(file, `${world}---${CLASS}`)
  const translated = await translateOffline({ names: [file], workingFolder: folder })
  const explained = await ask(translated, { scheme: 'udp', port: 53 })
  expect(explained.flatMap((each) => each.outcomes.map((outcome) => `${outcome.share.toFixed(2)} ${brief(outcome)}`))).toEqual([
    '0.50 stream Backend/default/one/udp',
    '0.30 stream Backend/default/two/udp',
    '0.20 drop: no backend of it can be used',
  ])
  expect(outcomes(await ask(translated, { scheme: 'udp', port: 54 }))).toEqual(['drop: no backend of it can be used'])
  expect(outcomes(await ask(translated, { scheme: 'tcp', port: 53 }))).toEqual(['close: no backend of it can be used'])
})

const GUARDED = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw }
spec: { gatewayClassName: headgate, listeners: [{ name: db, port: 5432, protocol: TCP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: { name: db }
spec: { parentRefs: [{ name: gw }], rules: [{ backendRefs: [{ group: headgate.dev, kind: Backend, name: db }] }] }
---
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: { name: db }
spec: { endpoints: [{ ip: { address: 192.0.2.1, port: 5432 } }] }
---
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: { name: office }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: TCPRoute, name: db }]
  authorization:
    rules: [{ action: Deny, principal: { clientCIDRs: [10.66.0.0/16] } }, { action: Allow, principal: { clientCIDRs: [10.0.0.0/8] } }]
`

const HOSTS = ['a.example.com', 'db.example.com', 'other.test', '192.0.2.1']

it('says what clients must bring beside their requests', async () => {
  const notes = async (proxyProtocol: string, port: number): Promise<readonly string[]> => {
    const policy = `
apiVersion: headgate.dev/v1alpha1
kind: ClientTrafficPolicy
metadata: { name: announced, namespace: infra }
spec: { targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gw }], proxyProtocol: ${proxyProtocol} }
`
    const explanations = await ask(await translate('client-validation', policy), { scheme: 'https', port })
    return explanations.flatMap((each) => each.notes)
  }
  const certificate = 'Clients that show no certificate, or none that is taken, do not get so far.'
  expect(await notes('{ optional: true }', 443)).toEqual([certificate])
  expect(await notes('{}', 443)).toEqual(['Connections that do not begin with the PROXY protocol are closed.', certificate])
  expect(await notes('{ optional: true }', 3443)).toEqual([])
})

describe('connections of clients with addresses', () => {
  const ask = async (from: string | undefined): Promise<readonly Explanation[]> => {
    const file = join(folder, 'guarded.yaml')
    writeFileSync(file, `${GUARDED}---${CLASS}`)
    const translated = await translateOffline({ names: [file], workingFolder: folder })
    return translated.explain({ ...QUESTION, scheme: 'tcp', port: 5432, ...(from === undefined ? {} : { from }) })
  }

  it('go on or are closed', async () => {
    expect(outcomes(await ask('10.1.2.3'))).toEqual(['stream Backend/default/db/tcp'])
    expect(outcomes(await ask('10.66.2.3'))).toEqual(['close: clients of this address may not connect'])
    expect(outcomes(await ask('192.0.2.9'))).toEqual(['close: clients of this address may not connect'])
    expect(outcomes(await ask('2001:db8::1'))).toEqual(['close: clients of this address may not connect'])
  })

  it('are said to depend on them', async () => {
    const [explanation] = await ask(undefined)
    expect(explanation?.notes).toEqual(['Who may connect depends on the address of the client: say it by --from.'])
  })
})

it('a host that another listener serves is misdirected', async () => {
  const translated = await translate('https')
  const said = await ask(translated, { scheme: 'https', host: 'a.example.com', port: 443, headers: [['host', 'b.example.com']] })
  expect(said.flatMap(({ outcomes: all }) => all)).toMatchObject([
    { does: 'answer', status: 421, because: expect.stringContaining('another listener serves the host') },
  ])
  expect(said[0]?.outcomes[0]?.route).toBeUndefined()
})

describe('every golden case', () => {
  const cases = readdirSync(golden, { withFileTypes: true }).filter((each) => each.isDirectory())

  it.each(cases.map(({ name }) => name))('%s can be explained', async (name) => {
    const translated = await translate(name)
    const hosts = new Set(
      [...HOSTS, ...readFileSync(join(golden, name, 'in.yaml'), 'utf8').matchAll(/[a-z-]+\.(?:example\.\w+|test)/g)].map(String),
    )
    const ports = new Set(translated.listeners.map(({ port }) => port))
    let count = 0
    for (const port of ports) {
      for (const host of hosts) {
        for (const scheme of SCHEMES) {
          for (const { outcomes: all } of await ask(translated, { scheme, host, port, from: '192.0.2.7' })) {
            const total = all.reduce((sum, { share }) => sum + share, 0)
            expect(total).toBeCloseTo(1)
            count++
          }
        }
      }
    }
    expect(count).toBeGreaterThan(0)
  })
})
