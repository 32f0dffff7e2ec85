/** People log in at a real OpenID provider in the cluster, over HTTPS, at a Gateway with three Envoys that share nothing but their configuration. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createAuthority, issueCertificate } from '../../src/xds/server/tls/certificates.js'
import { secret } from '../features/tls-manifests.js'
import { eventually } from '../support/eventually.js'
import { createScriptedBrowser, type ScriptedBrowser } from './support/browser.js'
import { get } from './support/http.js'
import { apply, type Condition, kubectl, kubectlJson } from './support/kubectl.js'
import { programYaml, proxies } from './support/program.js'
import { createSite, type Site } from './support/site.js'

const NAMESPACE = 'login'
const HOST = 'shop.example.com'
const SITE = `https://${HOST}`
const PROVIDER_PORT = 4000
const ISSUER = `http://id.${NAMESPACE}.svc.cluster.local:${PROVIDER_PORT}`
const CLIENT_SECRET = 'a secret of more than sixteen characters'

let site: Site
let provider: string

beforeAll(async () => {
  site = await createSite(NAMESPACE, 'headgate')
  const authority = createAuthority('end-to-end', new Date(), 86_400_000)
  const certificate = issueCertificate(
    authority,
    { commonName: HOST, dnsNames: [HOST], usage: 'server', lifetimeMs: 3_600_000 },
    new Date(),
  )
  await apply(
    [
      secret('site', certificate, NAMESPACE),
      programYaml(NAMESPACE, 'id', PROVIDER_PORT, ['/programs/run-oidc-provider.mjs', SITE, CLIENT_SECRET, ISSUER]),
      `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: web, namespace: ${NAMESPACE} }
spec:
  gatewayClassName: headgate
  listeners:
    - { name: http, protocol: HTTP, port: 80 }
    - { name: https, protocol: HTTPS, port: 443, tls: { certificateRefs: [{ name: site }] } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop, namespace: ${NAMESPACE} }
spec:
  parentRefs: [{ name: web, sectionName: https }]
  hostnames: [${HOST}]
  rules:
    - name: admin
      matches: [{ path: { value: /admin } }]
      backendRefs: [{ name: echo, port: 80 }]
    - backendRefs: [{ name: echo, port: 80 }]
---
apiVersion: v1
kind: Secret
metadata: { name: client, namespace: ${NAMESPACE} }
stringData: { client-secret: ${CLIENT_SECRET} }
---
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: { name: login, namespace: ${NAMESPACE} }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop, sectionName: admin }]
  oidc:
    provider: { authorizationEndpoint: "${ISSUER}/auth", tokenEndpoint: "${ISSUER}/token", endSessionEndpoint: "${ISSUER}/session/end" }
    clientID: shop
    clientSecret: { name: client }
    redirectURL: ${SITE}/admin/callback
    logoutPath: /admin/logout
    forwardAccessToken: true
`,
    ].join('---'),
  )
  await kubectl('rollout', 'status', 'deployment/id', '--namespace', NAMESPACE, '--timeout=90s')
  provider = (await kubectlJson<{ spec: { clusterIP: string } }>('get', 'service', 'id', '--namespace', NAMESPACE)).spec.clusterIP
  // Its pods are ready before the node leads the Service to them.
  await eventually(async () => void (await get(provider, new URL(ISSUER).host, '/', {}, PROVIDER_PORT)), 60_000)
  // No host is served before every Envoy has the policy: whoever asks is sent to log in, or nobody is there yet.
  await eventually(async () => {
    const { metadata, status } = await kubectlJson<{
      readonly metadata: { readonly generation: number }
      readonly status?: { readonly parents?: readonly { readonly conditions: readonly Condition[] }[] }
    }>('get', 'httproute', 'shop', '--namespace', NAMESPACE)
    expect(status?.parents?.[0]?.conditions).toContainEqual(
      expect.objectContaining({ type: 'headgate.dev/Delivered', status: 'True', observedGeneration: metadata.generation }),
    )
  }, 90_000)
  // The port is a new one of the Service.
  const anybody = browse(() => ({ address: site.address, port: 443 }))
  await eventually(async () => expect((await anybody.open(`${SITE}/`)).status).toBe(200), 60_000)
}, 300_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', NAMESPACE, '--wait=false')
})

type Place = Parameters<typeof createScriptedBrowser>[0]

/** A browser for which the site is where `shop` says. */
function browse(shop: () => ReturnType<Place>): ScriptedBrowser {
  return createScriptedBrowser((host, port) => (host === HOST ? shop() : { address: provider, port }))
}

it('logs in, stays logged in at every Envoy, is nobody to others, and logs out', async () => {
  const envoys = await proxies(NAMESPACE, 443)
  expect(envoys).toHaveLength(3)
  // Each question goes to the next Envoy: who sends to log in, who gets the code and who sees the session are three.
  let asked = 0
  const ann = browse(() => envoys[asked++ % envoys.length] ?? { address: site.address, port: 443 })
  expect((await ann.open(`${SITE}/`)).status).toBe(200)

  const name = await ann.open(`${SITE}/admin/page?x=1`)
  expect(name.url.href).toMatch(new RegExp(`^${ISSUER}/interaction/`))
  const consent = await ann.submit(name, { login: 'ann', password: 'any' })
  expect(consent.url.href).toMatch(new RegExp(`^${ISSUER}/interaction/`))
  const page = await ann.submit(consent)
  expect(page.way.map(({ pathname }) => pathname)).toContain('/admin/callback')
  expect([page.url.href, page.status]).toEqual([`${SITE}/admin/page?x=1`, 200])
  const { headers } = JSON.parse(page.body) as { readonly headers: Readonly<Record<string, readonly string[]>> }
  expect(headers.Authorization?.[0]).toMatch(/^Bearer ./)

  for (const _envoy of envoys) expect(await ann.open(`${SITE}/admin/other`)).toMatchObject({ status: 200, way: [{}] })
  // The session is for HTTPS, and for her browser.
  expect(ann.cookies(`http://${HOST}/admin/other`)).toEqual([])
  const stranger = browse(() => ({ address: site.address, port: 443 }))
  expect((await stranger.open(`${SITE}/admin/other`)).url.href).toMatch(new RegExp(`^${ISSUER}/interaction/`))

  const goodbye = await ann.open(`${SITE}/admin/logout`)
  expect(goodbye.url.href).toMatch(new RegExp(`^${ISSUER}/session/end`))
  await ann.submit(goodbye, { logout: 'yes' })
  expect((await ann.open(`${SITE}/admin/page`)).url.href).toMatch(new RegExp(`^${ISSUER}/interaction/`))
}, 120_000)
