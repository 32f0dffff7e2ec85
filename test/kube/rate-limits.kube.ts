/** Limits of type Global with a real API server: the controller writes the identity of the rate limit service, which gets its limits by it. */
import { X509Certificate } from 'node:crypto'
import { checkServerIdentity } from 'node:tls'
import { ChannelCredentials } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { KubernetesConfig } from '../../src/config/config.js'
import { keepCertificateSecret } from '../../src/k8s/certificate-secret.js'
import { systemClock } from '../../src/k8s/clock.js'
import { fieldAt, type JsonObject, listAt, stringAt } from '../../src/k8s/kube-json.js'
import { silentLog } from '../../src/k8s/log.js'
import { KINDS } from '../../src/kinds/index.js'
import { runKubernetes } from '../../src/pipeline/kubernetes.js'
import { customResourceDefinition } from '../../src/schema/crd.js'
import { createLogger } from '../../src/telemetry/logger.js'
import { TYPE_URL } from '../../src/xds/resource.js'
import { type CertificatePair, createAuthority, issueCertificate } from '../../src/xds/server/tls/certificates.js'
import { eventually } from '../support/eventually.js'
import { AdsClient } from '../xds/support/ads-client.js'
import { CONTROLLER, controllerConfig } from './support/controller-config.js'
import { create, installGatewayApi, type KubeApiServer, startKubeApiServer } from './support/kube-apiserver.js'

const GATEWAY_API = '/apis/gateway.networking.k8s.io/v1'
const POLICIES = '/apis/headgate.dev/v1alpha1/namespaces/default/backendtrafficpolicies'
const SERVER_NAME = 'headgate.default.svc'

let api: KubeApiServer
let xdsPort: number
let ended: Promise<void>
const stop = new AbortController()

const read = (path: string): Promise<JsonObject> => api.admin.json({ path }, AbortSignal.timeout(10_000))
const add = (plural: string, name: string, spec: object): Promise<JsonObject> => {
  const kind = { gatewayclasses: 'GatewayClass', gateways: 'Gateway', httproutes: 'HTTPRoute' }[plural]
  const folder = plural === 'gatewayclasses' ? '' : '/namespaces/default'
  const body = { apiVersion: 'gateway.networking.k8s.io/v1', kind, metadata: { name }, spec }
  return create(api.admin, `${GATEWAY_API}${folder}/${plural}`, body)
}

beforeAll(async () => {
  api = await startKubeApiServer()
  await installGatewayApi(api.admin, 'experimental')
  for (const kind of KINDS.filter(({ kind }) => kind === 'BackendTrafficPolicy')) {
    await create(api.admin, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', customResourceDefinition(kind))
  }
  await eventually(async () => {
    await read(POLICIES)
  }, 30_000)
  await add('gatewayclasses', 'headgate', { controllerName: CONTROLLER })
  await add('gateways', 'web', { gatewayClassName: 'headgate', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] })
  await add('httproutes', 'shop', { parentRefs: [{ name: 'web' }] })
  const config: KubernetesConfig = {
    ...(await controllerConfig(api)),
    rateLimitService: { host: 'headgate-rate-limits.default.svc', port: 8081 },
  }
  xdsPort = config.xds.port
  ended = runKubernetes(config, createLogger(config.log), stop.signal)
}, 120_000)
afterAll(async () => {
  stop.abort()
  await ended
  await api?.stop()
})

/** How the service proves who it is, as its pods have it from the Secret. */
async function identity(): Promise<ChannelCredentials> {
  const secret = await read('/api/v1/namespaces/default/secrets/headgate-rate-limits')
  const [authority, key, certificate] = ['ca.crt', 'tls.key', 'tls.crt'].map((name) =>
    Buffer.from(stringAt(secret, 'data', name), 'base64'),
  )
  return ChannelCredentials.createSsl(authority, key, certificate, {
    checkServerIdentity: (_host, shown) => checkServerIdentity(SERVER_NAME, shown),
  })
}

it('the policy is accepted, and its limits come to whoever has the Secret, and nothing else does', async () => {
  await create(api.admin, POLICIES, {
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'BackendTrafficPolicy',
    metadata: { name: 'all' },
    spec: {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' }],
      rateLimit: { type: 'Global', rules: [{ limit: { requests: 2, unit: 'Hour' } }] },
    },
  })
  await eventually(async () => {
    const [ancestor] = listAt(await read(`${POLICIES}/all`), 'status', 'ancestors')
    const conditions = listAt(ancestor, 'conditions').map((each) => `${stringAt(each, 'type')}=${stringAt(each, 'status')}`)
    expect(conditions).toContain('Accepted=True')
  }, 30_000)
  let credentials: ChannelCredentials | undefined
  await eventually(async () => {
    credentials = await identity()
  }, 30_000)
  if (credentials === undefined) throw new Error('no identity')
  const client = new AdsClient(xdsPort, { credentials, node: { id: 'limits' } })
  const limits = client.sotw()
  limits.send(TYPE_URL.rateLimitConfig, {})
  const { resources } = await limits.next()
  expect(resources).toHaveLength(1)
  expect(Buffer.from(resources[0]?.value ?? []).toString('latin1')).toContain('headgate/default/all')
  const listeners = client.sotw()
  listeners.send(TYPE_URL.listener, {})
  expect((await listeners.quiet()).flatMap((each) => each.resources)).toEqual([])
  client.close()
}, 90_000)

it('the rights that the chart gives are enough to make the Secret, to renew it, and to start those anew who mount it', async () => {
  // charts/headgate/templates/_rbac.tpl, "headgate.rules.own" and, for Deployments, "headgate.rules.provision".
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default'
  await create(api.admin, `${rbac}/roles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'own' },
    rules: [
      { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'create'] },
      { apiGroups: [''], resources: ['secrets'], resourceNames: ['limits'], verbs: ['patch'] },
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['list', 'patch'] },
    ],
  })
  await create(api.admin, `${rbac}/rolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'own' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'own' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'limited' }],
  })
  const deployments = '/apis/apps/v1/namespaces/default/deployments'
  const labels = { app: 'limits' }
  const volumes = [{ name: 'identity', secret: { secretName: 'limits' } }]
  const template = { metadata: { labels, annotations: { of: 'its owner' } }, spec: { containers: [{ name: 'x', image: 'x' }], volumes } }
  await create(api.admin, deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'limits' },
    spec: { selector: { matchLabels: labels }, template },
  })
  const secret = () => read('/api/v1/namespaces/default/secrets/limits')
  const annotations = async () => fieldAt(await read(`${deployments}/limits`), 'spec', 'template', 'metadata', 'annotations')
  /** Leads until something holds. */
  const lead = async (authority: CertificatePair, until: () => Promise<void>): Promise<void> => {
    const over = new AbortController()
    const kept = keepCertificateSecret(
      {
        client: api.client('limited'),
        clock: systemClock,
        log: silentLog,
        namespace: 'default',
        name: 'limits',
        authority: authority.certificate,
        issue: () => issueCertificate(authority, { commonName: 'limits', usage: 'client', lifetimeMs: 3_600_000 }, new Date()),
        restartsReaders: true,
      },
      over.signal,
    )
    try {
      await eventually(until, 30_000)
    } finally {
      over.abort()
      await kept
    }
  }
  const authorities = ['first', 'second'].map((name) => createAuthority(name, new Date(), 3_600_000))
  for (const authority of authorities) {
    const wanted = Buffer.from(authority.certificate).toString('base64')
    await lead(authority, async () => expect(stringAt(await secret(), 'data', 'ca.crt')).toBe(wanted))
  }
  const [, second] = authorities
  if (second === undefined) throw new Error('there are two')
  const { serialNumber } = new X509Certificate(Buffer.from(stringAt(await secret(), 'data', 'tls.crt'), 'base64'))
  expect(await annotations()).toEqual({ of: 'its owner' })
  await lead(second, async () => expect(await annotations()).toEqual({ of: 'its owner', 'headgate.dev/secret': serialNumber }))
}, 90_000)
