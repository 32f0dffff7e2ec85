/** Policies on real pods and Services: what three Envoys count together, who is asked from another namespace, and changes under load. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { JsonObject } from '../../src/k8s/kube-json.js'
import { eventually } from '../support/eventually.js'
import { get, type HttpAnswer } from './support/http.js'
import { apply, type Condition, kubectl, kubectlJson } from './support/kubectl.js'
import { startLoad } from './support/load.js'
import { programYaml, proxies } from './support/program.js'
import { connectQuickly } from './support/quick-apply.js'
import { createSite, namespaceYaml, routeYaml, type Site } from './support/site.js'

const NAMESPACE = 'policies'
const ELSEWHERE = 'policies-auth'
const CHANGES = 200

let site: Site
let envoys: Awaited<ReturnType<typeof proxies>>

beforeAll(async () => {
  await apply(
    [namespaceYaml(ELSEWHERE), programYaml(ELSEWHERE, 'auth', 9000, ['/programs/auth-server.mjs', '9000'], 'kubernetes.io/h2c')].join(
      '---',
    ),
  )
  site = await createSite(NAMESPACE, 'headgate')
  await kubectl('rollout', 'status', 'deployment/auth', '--namespace', ELSEWHERE, '--timeout=90s')
  await eventually(async () => {
    envoys = await proxies(NAMESPACE, 80)
    expect(envoys).toHaveLength(3)
  }, 60_000)
}, 300_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', NAMESPACE, ELSEWHERE, '--wait=false')
})

interface PolicyObject {
  readonly metadata: { readonly generation: number }
  readonly status?: { readonly ancestors?: readonly { readonly conditions: readonly Condition[] }[] }
}

/** Waits until the policy says that of its newest generation. */
async function accepted(kind: string, name: string, status: string, reason: string): Promise<void> {
  await eventually(async () => {
    const { metadata, status: found } = await kubectlJson<PolicyObject>('get', kind, name, '--namespace', NAMESPACE)
    const conditions = found?.ancestors?.[0]?.conditions ?? []
    expect(conditions).toContainEqual(
      expect.objectContaining({ type: 'Accepted', status, reason, observedGeneration: metadata.generation }),
    )
  }, 60_000)
}

/** Asks one Envoy, or whichever the Service chooses. */
const ask = (host: string, path = '/', headers: Readonly<Record<string, string>> = {}, at = { address: site.address, port: 80 }) =>
  get(at.address, host, path, headers, at.port)
const statuses = (answers: readonly HttpAnswer[]): readonly number[] => answers.map(({ status }) => status)

describe('a limit of type Global', () => {
  const LIMIT = 30
  const HOST = 'limited.example.com'

  it('holds for three Envoys together, however connections spread', async () => {
    const rule = (header: string, value: string, requests: number) =>
      `{ clientSelectors: [{ headers: [{ name: ${header}, ${value} }] }], limit: { requests: ${requests}, unit: Year } }`
    await apply(`${routeYaml(NAMESPACE, 'limited', HOST)}---
apiVersion: headgate.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: limited, namespace: ${NAMESPACE} }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: limited }]
  rateLimit: { type: Global, rules: [${rule('x-probe', 'value: none', 0)}, ${rule('x-client', 'type: Distinct', LIMIT)}] }
`)
    await accepted('backendtrafficpolicy', 'limited', 'True', 'Accepted')
    // The Envoys, and each pod of the service that they ask, know the limit as soon as nobody lets the probe pass.
    await eventually(async () => {
      const probes = await Promise.all(
        envoys.flatMap((envoy) => Array.from({ length: 20 }, () => ask(HOST, '/', { 'x-probe': 'none' }, envoy))),
      )
      expect(new Set(statuses(probes))).toEqual(new Set([429]))
    }, 120_000)

    // One request at each Envoy at the same time, again and again: the limit is used up in the same round at all of them.
    const rounds: (readonly number[])[] = []
    for (let round = 0; round < 14; round++) {
      rounds.push(statuses(await Promise.all(envoys.map((envoy) => ask(HOST, '/', { 'x-client': 'each' }, envoy)))))
    }
    expect(rounds).toEqual(Array.from({ length: 14 }, (_, round) => Array(3).fill(round < LIMIT / 3 ? 200 : 429)))

    // And wherever the Service sends connections, some at a time: the service that counts must answer each within half a second.
    const crowd: HttpAnswer[] = []
    for (let batch = 0; batch < 9; batch++) {
      crowd.push(...(await Promise.all(Array.from({ length: LIMIT / 3 }, () => ask(HOST, '/', { 'x-client': 'crowd' })))))
    }
    const count = (wanted: number): number => statuses(crowd).filter((status) => status === wanted).length
    expect([count(200), count(429)]).toEqual([LIMIT, 2 * LIMIT])
  }, 240_000)
})

describe('an authorization server in another namespace', () => {
  const HOST = 'asked.example.com'
  const grant = `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: { name: ask, namespace: ${ELSEWHERE} }
spec:
  from: [{ group: headgate.dev, kind: SecurityPolicy, namespace: ${NAMESPACE} }]
  to: [{ group: "", kind: Service, name: auth }]
`
  /** Every Envoy answers so. */
  const everywhere = async (path: string, status: number): Promise<void> => {
    await eventually(async () => {
      expect(statuses(await Promise.all(envoys.map((envoy) => ask(HOST, path, {}, envoy))))).toEqual([status, status, status])
    }, 60_000)
  }

  it('is asked when it is granted, and nobody passes without the grant', async () => {
    await apply(`${routeYaml(NAMESPACE, 'asked', HOST)}---
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: { name: asked, namespace: ${NAMESPACE} }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: asked }]
  extAuth: { grpc: { backendRef: { name: auth, namespace: ${ELSEWHERE}, port: 9000 } } }
`)
    await accepted('securitypolicy', 'asked', 'False', 'RefNotPermitted')
    await everywhere('/', 500)
    // Its neighbour is served.
    expect((await ask(site.host)).status).toBe(200)

    await apply(grant)
    await accepted('securitypolicy', 'asked', 'True', 'Accepted')
    await everywhere('/', 200)
    await everywhere('/denied', 403)
    const { headers } = JSON.parse((await ask(HOST, '/', { 'x-user': 'root' })).body) as {
      readonly headers: Readonly<Record<string, unknown>>
    }
    expect(headers['X-User']).toEqual(['ann'])

    await kubectl('delete', 'referencegrant', 'ask', '--namespace', ELSEWHERE)
    await accepted('securitypolicy', 'asked', 'False', 'RefNotPermitted')
    await everywhere('/', 500)
  }, 240_000)
})

describe(`${CHANGES} changes of policies under load`, () => {
  const target = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'web' }
  const policy = (kind: string, name: string, targetRef: object, spec: object): JsonObject => ({
    apiVersion: 'headgate.dev/v1alpha1',
    kind,
    metadata: { name, namespace: NAMESPACE },
    spec: { targetRefs: [targetRef], ...spec },
  })
  const traffic = (name: string, spec: object): JsonObject => policy('BackendTrafficPolicy', name, target, spec)
  const security = (name: string, spec: object): JsonObject => policy('SecurityPolicy', name, target, spec)
  const CIDRS = ['0.0.0.0/0', '::/0']
  /** A policy of every kind, with other contents each time, that lets all requests pass. */
  const KINDS: readonly ((step: number) => JsonObject)[] = [
    (step) =>
      traffic('limits', {
        rateLimit: { type: 'Local', headers: 'DraftVersion03', rules: [{ limit: { requests: 1_000_000 + step, unit: 'Hour' } }] },
      }),
    (step) => security('cors', { cors: { allowOrigins: [`https://${step}.example.com`], allowMethods: ['GET'] } }),
    (step) => traffic('timeouts', { timeouts: { http: { requestTimeout: `${30 + step}s` }, tcp: { connectTimeout: `${10 + step}s` } } }),
    (step) =>
      security('who', {
        authorization: {
          rules: [
            { action: 'Allow', principal: { clientCIDRs: CIDRS } },
            { action: 'Deny', operation: { paths: [{ value: `/step${step}` }] } },
          ],
        },
      }),
    (step) =>
      policy(
        'ClientTrafficPolicy',
        'headers',
        { ...target, kind: 'Gateway' },
        { headers: { maxRequestHeaders: 100 + step, maxRequestHeaderLimit: `${60 + (step % 30)}Ki` } },
      ),
  ]

  it('lose no request', async () => {
    const client = connectQuickly()
    const load = startLoad(site.address, 80, site.host)
    let report: Awaited<ReturnType<typeof load.stop>> | undefined
    const seen = new Set<string>()
    try {
      await eventually(() => expect(load.answered()).toBeGreaterThan(50), 30_000)
      for (let step = 0; step < CHANGES; step++) {
        const before = load.answered()
        await client.apply(KINDS[step % KINDS.length]?.(step) ?? {})
        // Each change meets requests.
        await eventually(() => expect(load.answered()).toBeGreaterThan(before + 3), 60_000)
        const limit = (await ask(site.host)).headers['x-ratelimit-limit']
        if (typeof limit === 'string') seen.add(limit.split(',')[0] ?? '')
      }
      // The last contents of each are everywhere, under the same load.
      await eventually(async () => {
        const answers = await Promise.all(
          envoys.map((envoy) => ask(site.host, '/', { origin: `https://${CHANGES - 4}.example.com` }, envoy)),
        )
        for (const { headers } of answers) {
          expect(headers['access-control-allow-origin']).toBe(`https://${CHANGES - 4}.example.com`)
          expect(headers['x-ratelimit-limit']).toMatch(new RegExp(`^${1_000_000 + CHANGES - 5}\\b`))
        }
      }, 90_000)
      for (const [kind, name] of [
        ['backendtrafficpolicy', 'limits'],
        ['backendtrafficpolicy', 'timeouts'],
        ['securitypolicy', 'cors'],
        ['securitypolicy', 'who'],
        ['clienttrafficpolicy', 'headers'],
      ] as const) {
        await accepted(kind, name, 'True', 'Accepted')
      }
    } finally {
      report = await load.stop()
      client.close()
    }
    expect(report.failures).toEqual([])
    expect(report.answered).toBeGreaterThan(CHANGES * 4)
    // They came one after the other, and not as one at the end.
    expect(seen.size).toBeGreaterThan(CHANGES / KINDS.length / 4)
  }, 400_000)
})
