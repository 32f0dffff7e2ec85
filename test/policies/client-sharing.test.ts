/** What ClientTrafficPolicies are about, and what holds where listeners share a port, through the real Envoy. */
import { describe, expect, it } from '@jest/globals'
import type { Condition } from '../../src/gatewayapi/model.js'
import { gateway, httpRoute, namespace, to } from '../features/manifests.js'
import { https, secret } from '../features/tls-manifests.js'
import { featureWorld } from '../features/world.js'
import { createAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { about, clientPolicy } from './client-manifests.js'
import { policyField } from './coverage/policy-field.js'
import { askProxy } from './proxy.js'

const ONE = '{name: one, port: 80, protocol: HTTP, hostname: one.example.com}'
const TWO = '{name: two, port: 80, protocol: HTTP, hostname: two.example.com}'
const LISTENERS = `[${[ONE, TWO, https('tls-one', 'one.example.com'), https('tls-two', 'two.example.com'), '{name: own, port: 8080, protocol: HTTP}'].join()}]`

const world = featureWorld(['a'], async () => {
  const certificate = await (await createAuthority()).issue({ dns: ['*.example.com'] })
  return [namespace('team'), namespace('late'), secret('cert', certificate), secret('cert', certificate, 'team')].join('---\n')
})

const GATEWAY = `${gateway('gw', LISTENERS)}  allowedListeners: {namespaces: {from: All}}\n`
const ROUTE = httpRoute(
  'r',
  `[{${to('a')}}]`,
  'parentRefs: [{name: gw}, {kind: ListenerSet, group: gateway.networking.k8s.io, name: set, namespace: team}, {kind: ListenerSet, group: gateway.networking.k8s.io, name: set, namespace: late}]',
)
const late = (value: string): string => `headers: {lateResponseHeaders: {set: [{name: x-late, value: ${value}}]}}`

function set(inNamespace: string, listeners: string, created: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: set, namespace: ${inNamespace}, creationTimestamp: "${created}", labels: {tier: edge}}
spec:
  parentRef: {name: gw, namespace: default}
  listeners: [${listeners}]
`
}

const anyNamespace = 'allowedRoutes: {namespaces: {from: All}}'

/** The header that a policy sets, or the status where it sets none. */
async function lateOf(host: string, port: number): Promise<unknown> {
  const answer = await world.ask({ host, port, ...(port === 443 || port === 9443 ? { tls: {} } : {}) }).catch(() => undefined)
  return answer === undefined ? 'closed' : (answer.headers['x-late'] ?? answer.status)
}

function conditions(policy: string): readonly Condition[] {
  const status = world.headgate.status(`ClientTrafficPolicy/${policy}`)
  return status.shape === 'policy' ? status.ancestors.flatMap((entry) => entry.conditions) : []
}

describe('what a policy is about', () => {
  policyField(['ClientTrafficPolicy targetRefs'], 'a Gateway, a ListenerSet, one listener: the narrower says it', async () => {
    const ofSet = `targetRefs: [{group: gateway.networking.k8s.io, kind: ListenerSet, name: set}]`
    await world.write(
      GATEWAY,
      ROUTE,
      set(
        'team',
        `{name: extra, port: 9443, protocol: HTTPS, hostname: extra.example.com, ${anyNamespace}, tls: {certificateRefs: [{name: cert}]}}`,
        '2026-01-01T00:00:00Z',
      ),
      clientPolicy(late('wide'), about(), 'wide'),
      clientPolicy(late('narrow'), about('tls-one'), 'narrow'),
      clientPolicy(late('set'), ofSet, 'set', ', namespace: team'),
    )
    await eventually(async () => expect(await lateOf('one.example.com', 443)).toBe('narrow'))
    await eventually(async () => expect(await lateOf('extra.example.com', 9443)).toBe('set'))
    expect(await lateOf('two.example.com', 443)).toBe('wide')
    expect(await lateOf('x.example.com', 8080)).toBe('wide')
    expect(world.conditions('ClientTrafficPolicy/default/wide')).toEqual(['Accepted=True/Accepted', 'Overridden=True/Overridden'])
  })

  policyField(['ClientTrafficPolicy targetSelectors.{group,kind,matchLabels}'], 'what has some labels', async () => {
    const edge = 'targetSelectors: [{kind: ListenerSet, matchLabels: {tier: edge}}]'
    await world.write(
      GATEWAY,
      ROUTE,
      set(
        'team',
        `{name: extra, port: 9443, protocol: HTTPS, hostname: extra.example.com, ${anyNamespace}, tls: {certificateRefs: [{name: cert}]}}`,
        '2026-01-01T00:00:00Z',
      ),
      clientPolicy(late('selected'), edge, 'p', ', namespace: team'),
    )
    await eventually(async () => expect(await lateOf('extra.example.com', 9443)).toBe('selected'))
    expect(await lateOf('two.example.com', 443)).toBe(200)
  })

  it('of several about the same the oldest counts, field by field, and tells the others', async () => {
    await world.write(
      GATEWAY,
      ROUTE,
      clientPolicy(late('old'), about('own'), 'old', ', creationTimestamp: "2026-01-01T00:00:00Z"'),
      clientPolicy(`${late('young')}, healthCheck: {path: /healthz}`, about('own'), 'young', ', creationTimestamp: "2026-01-02T00:00:00Z"'),
    )
    await eventually(async () => expect(await lateOf('x.example.com', 8080)).toBe('old'))
    expect((await world.ask({ port: 8080, path: '/healthz' })).status).toBe(200)
    const [, conflict] = conditions('default/young')
    expect(conflict).toMatchObject({ type: 'Conflicted', status: 'True' })
    expect(conflict?.message).toContain('headers.lateResponseHeaders ("default/old")')
  }, 30_000)

  it('what replaces hides what is wider, but not overrides', async () => {
    await world.write(
      GATEWAY,
      ROUTE,
      clientPolicy(`${late('wide')}, overrides: {path: {escapedSlashesAction: RejectRequest}}`, about(), 'wide'),
      clientPolicy('mergeType: Replace, path: {escapedSlashesAction: KeepUnchanged}', about('own'), 'narrow'),
    )
    await eventually(async () => expect(await lateOf('one.example.com', 443)).toBe('wide'))
    await eventually(async () => expect(await lateOf('x.example.com', 8080)).toBe(200))
    expect((await world.ask({ port: 8080, path: '/a%2Fb' })).status).toBe(400)
  }, 30_000)
})

describe('listeners that share a port', () => {
  it('get what they agree on, and what the Gateway says where they do not', async () => {
    await world.write(GATEWAY, ROUTE, clientPolicy(late('agreed'), about('one'), 'one'), clientPolicy(late('agreed'), about('two'), 'two'))
    await eventually(async () => expect(await lateOf('one.example.com', 80)).toBe('agreed'))
    expect(await lateOf('two.example.com', 80)).toBe('agreed')
    await world.write(GATEWAY, ROUTE, clientPolicy(late('one'), about('one'), 'one'), clientPolicy(late('wide'), about(), 'wide'))
    await eventually(async () => expect(await lateOf('one.example.com', 80)).toBe('wide'))
    expect(await lateOf('two.example.com', 80)).toBe('wide')
    const [accepted] = conditions('default/one')
    expect(accepted).toMatchObject({ type: 'Accepted', status: 'False', reason: 'UnsupportedValue' })
    expect(accepted?.message).toContain('headers.lateResponseHeaders ("default/wide")')
  }, 30_000)

  it('a listener that would be less safe than it asks for serves nobody, and its neighbour goes on', async () => {
    await world.write(GATEWAY, ROUTE, clientPolicy('path: {escapedSlashesAction: RejectRequest}', about('one'), 'one'))
    expect(conditions('default/one')).toMatchObject([{ type: 'Accepted', status: 'False', reason: 'Conflicted' }])
    await eventually(async () => expect([await lateOf('one.example.com', 80), await lateOf('two.example.com', 80)]).toEqual([404, 200]))
    expect(world.listener('default/gw', 'one')).toContain('Programmed=False/Invalid')
    // Less than it asks for is one thing, more another.
    await world.write(GATEWAY, ROUTE, clientPolicy('path: {escapedSlashesAction: KeepUnchanged}', about('one'), 'one'))
    await eventually(async () => expect([await lateOf('one.example.com', 80), await lateOf('two.example.com', 80)]).toEqual([200, 200]))
    expect((await world.ask({ host: 'one.example.com', path: '/a%2Fb' })).status).toBe(307)
  }, 30_000)

  it('a ListenerSet weakens nobody: not the Gateway, not an older one, not a younger one', async () => {
    const ofSet = 'targetRefs: [{group: gateway.networking.k8s.io, kind: ListenerSet, name: set}]'
    const weak = 'headers: {withUnderscoresAction: Allow}, clientIPDetection: {xForwardedFor: {numTrustedHops: 3}}'
    const listener = (name: string, port: number) =>
      `{name: ${name}, port: ${port}, protocol: HTTP, hostname: ${name}.example.com, ${anyNamespace}}`
    // Beside the Gateway, on its port.
    await world.write(
      GATEWAY,
      ROUTE,
      set('team', listener('three', 80), '2026-01-01T00:00:00Z'),
      clientPolicy(weak, ofSet, 'weak', ', namespace: team'),
    )
    await eventually(async () => expect([await lateOf('one.example.com', 80), await lateOf('three.example.com', 80)]).toEqual([200, 404]))
    expect((await world.ask({ host: 'one.example.com', headers: { x_a: 'b' } })).status).toBe(400)
    // Without the Gateway: the older decides for itself, the younger is not served with what it did not ask for.
    await world.write(
      GATEWAY,
      ROUTE,
      set('team', listener('three', 9090), '2026-01-01T00:00:00Z'),
      set('late', listener('four', 9090), '2026-01-02T00:00:00Z'),
      clientPolicy(weak, ofSet, 'weak', ', namespace: team'),
    )
    await eventually(async () =>
      expect([await lateOf('three.example.com', 9090), await lateOf('four.example.com', 9090)]).toEqual([200, 404]),
    )
    await world.write(
      GATEWAY,
      ROUTE,
      set('team', listener('three', 9090), '2026-01-01T00:00:00Z'),
      set('late', listener('four', 9090), '2026-01-02T00:00:00Z'),
      clientPolicy(weak, ofSet, 'weak', ', namespace: late'),
    )
    await eventually(async () =>
      expect([await lateOf('three.example.com', 9090), await lateOf('four.example.com', 9090)]).toEqual([200, 404]),
    )
    expect((await world.ask({ host: 'three.example.com', port: 9090, headers: { x_a: 'b' } })).status).toBe(400)
  }, 60_000)
})

describe('a change of a policy', () => {
  it('sends the port that it is about, and no other', async () => {
    const versions = async (): Promise<Readonly<Record<string, string>>> => {
      const dump = JSON.parse(await askProxy(world, '/config_dump?resource=dynamic_listeners')) as {
        readonly configs?: readonly { readonly name: string; readonly active_state?: { readonly listener: object } }[]
      }
      // A listener that only drains has no active state.
      return Object.fromEntries(
        (dump.configs ?? []).flatMap(({ name, active_state: state }) =>
          state === undefined ? [] : [[name, JSON.stringify(state.listener)]],
        ),
      )
    }
    await world.write(GATEWAY, ROUTE, clientPolicy('timeout: {http: {idleTimeout: 1m}}', about('own')))
    await eventually(async () => expect(Object.values(await versions()).filter((text) => text.includes('"60s"'))).toHaveLength(1))
    const before = await versions()
    await world.write(GATEWAY, ROUTE, clientPolicy('timeout: {http: {idleTimeout: 2m}}', about('own')))
    await eventually(async () => expect(Object.values(await versions()).filter((text) => text.includes('"120s"'))).toHaveLength(1))
    const after = await versions()
    const changed = Object.keys(after).filter((name) => after[name] !== before[name])
    expect(changed).toEqual([expect.stringContaining('/8080/tcp')])
  }, 30_000)

  it('drains the chain that it is about, and leaves connections to the others of the port alone', async () => {
    await world.write(GATEWAY, ROUTE, clientPolicy(late('before'), about('tls-one')))
    await eventually(async () => expect(await lateOf('one.example.com', 443)).toBe('before'))
    const other = world.headgate.http2('default/gw', 443, { serverName: 'two.example.com' })
    expect((await other.send({ host: 'two.example.com' })).status).toBe(200)
    await world.write(GATEWAY, ROUTE, clientPolicy(late('after'), about('tls-one')))
    await eventually(async () => expect(await lateOf('one.example.com', 443)).toBe('after'))
    expect((await other.send({ host: 'two.example.com' })).status).toBe(200)
    expect([other.session.closed, other.session.destroyed]).toEqual([false, false])
    other.close()
  }, 30_000)
})
