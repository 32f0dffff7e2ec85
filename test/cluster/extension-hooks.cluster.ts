/** An extension server as a pod, asked over TLS by an installation that names it in its values. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type CertificatePair, createAuthority, issueCertificate } from '../../src/xds/server/tls/certificates.js'
import { eventually } from '../support/eventually.js'
import { get } from './support/http.js'
import { apply, CHART, fromRunner, helm, kubectl } from './support/kubectl.js'
import { createSite, namespaceYaml, routeYaml, type Site } from './support/site.js'

const SYSTEM = 'headgate-hooks'
const NAMESPACE = 'hooks'
const SERVER = `hooks.${SYSTEM}.svc`

let site: Site

beforeAll(async () => {
  const authority = createAuthority('hooks', new Date(), 86_400_000)
  const issue = (usage: 'server' | 'client') =>
    issueCertificate(authority, { commonName: 'hooks', dnsNames: [SERVER], usage, lifetimeMs: 86_400_000 }, new Date())
  const secret = (name: string, { certificate, privateKey }: CertificatePair): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: SYSTEM },
      stringData: { 'ca.crt': authority.certificate, 'tls.crt': certificate, 'tls.key': privateKey },
    })
  await apply([namespaceYaml(SYSTEM), secret('server', issue('server')), secret('client', issue('client')), SERVER_YAML].join('\n---\n'))
  await kubectl('rollout', 'status', 'deployment/hooks', '--namespace', SYSTEM, '--timeout=90s')
  const values = [
    `image.tag=${fromRunner('HEADGATE_TAG')},replicaCount=1,controllerName=headgate.dev/hooks,gatewayClass.name=hooks`,
    `watch.namespaces={${NAMESPACE}},resources.requests.cpu=50m,gatewayClass.config.resources.requests.cpu=10m`,
    `extensionServer.address=${SERVER}:9000,extensionServer.tlsSecret=client`,
  ]
  await apply(namespaceYaml(NAMESPACE))
  await helm('install', 'hooks', CHART, '--namespace', SYSTEM, '--wait', '--timeout', '150s', '--skip-crds', '--set', values.join(','))
  site = await createSite(NAMESPACE, 'hooks')
}, 300_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', NAMESPACE, '--wait=false')
  await helm('uninstall', 'hooks', '--namespace', SYSTEM)
  await kubectl('delete', 'namespace', SYSTEM, '--wait=false')
})

const SERVER_YAML = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: hooks, namespace: ${SYSTEM} }
spec:
  selector: { matchLabels: { app: hooks } }
  template:
    metadata: { labels: { app: hooks } }
    spec:
      securityContext: { runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: hooks
          image: docker.io/headgate/test-programs:e2e
          args: [/programs/hook-server.mjs, "9000", /tls]
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
          resources: { requests: { cpu: 10m, memory: 32Mi } }
          readinessProbe: { tcpSocket: { port: 9000 }, periodSeconds: 1 }
          volumeMounts: [{ name: tls, mountPath: /tls }]
      volumes: [{ name: tls, secret: { secretName: server } }]
---
apiVersion: v1
kind: Service
metadata: { name: hooks, namespace: ${SYSTEM} }
spec: { selector: { app: hooks }, ports: [{ port: 9000 }] }
`

/** Status, and what the extension server added. */
const ask = async (host: string): Promise<readonly unknown[]> => {
  const { status, headers } = await get(site.address, host)
  return [status, headers['x-hook']]
}

it('changes what Envoys get, keeps nobody from being served while it is away, and is asked when it is back', async () => {
  expect(await ask(site.host)).toEqual([200, 'yes'])
  const scale = (replicas: number) => kubectl('scale', 'deployment/hooks', '--namespace', SYSTEM, `--replicas=${replicas}`)
  await scale(0)
  await kubectl('wait', 'pods', '--selector=app=hooks', '--namespace', SYSTEM, '--for=delete', '--timeout=60s')
  await apply(routeYaml(NAMESPACE, 'later', 'later.example.com'))
  await eventually(async () => expect(await ask('later.example.com')).toEqual([200, undefined]), 60_000)
  expect(await ask(site.host)).toEqual([200, 'yes'])
  await scale(1)
  await eventually(async () => expect(await ask('later.example.com')).toEqual([200, 'yes']), 120_000)
}, 240_000)
