/** Services that other clusters offer, by the real CRD of the Multi-Cluster Services API; the test is the controller that imports them. */
import { isIP } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { get, podOf } from './support/http.js'
import { apply, fromRunner, kubectl, kubectlJson, type List } from './support/kubectl.js'
import { createSite, type Site } from './support/site.js'

const NAMESPACE = 'imported'
const CRD = join(fromRunner('HEADGATE_MCS_CRDS'), 'multicluster.x-k8s.io_serviceimports.yaml')

let site: Site

beforeAll(async () => {
  await kubectl('apply', '--server-side', '--filename', CRD)
  await kubectl('wait', '--for=condition=Established', '--timeout=60s', '--filename', CRD)
  site = await createSite(NAMESPACE, 'headgate')
}, 300_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', NAMESPACE, '--wait=false')
  await kubectl('delete', '--ignore-not-found', '--filename', CRD)
})

describe('a ServiceImport', () => {
  it('serves from the EndpointSlices that other clusters brought, and follows them', async () => {
    const pods = await kubectlJson<List<{ metadata: { name: string }; status: { podIP: string } }>>(
      ...['get', 'pods', '--namespace', NAMESPACE, '--selector', 'app=echo'],
    )
    const [first, second] = pods.items
    if (first === undefined || second === undefined) throw new Error('the backend has fewer than two pods')
    const slice = (ip: string): string => `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: imported
  namespace: ${NAMESPACE}
  labels: { multicluster.kubernetes.io/service-name: imported, multicluster.kubernetes.io/source-cluster: west }
addressType: IPv${isIP(ip)}
ports: [{ name: http, port: 3000, protocol: TCP }]
endpoints: [{ addresses: [${ip}], conditions: { ready: true } }]
`
    await apply(`
apiVersion: multicluster.x-k8s.io/v1beta1
kind: ServiceImport
metadata: { name: imported, namespace: ${NAMESPACE} }
spec: { type: ClusterSetIP, ports: [{ name: http, port: 80, protocol: TCP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: imported, namespace: ${NAMESPACE} }
spec:
  parentRefs: [{ name: web }]
  hostnames: [west.example.com]
  rules: [{ backendRefs: [{ group: multicluster.x-k8s.io, kind: ServiceImport, name: imported, port: 80 }] }]
---${slice(first.status.podIP)}`)
    const answeredBy = (pod: string): Promise<void> =>
      eventually(async () => expect(podOf(await get(site.address, 'west.example.com'))).toBe(pod), 60_000)
    await answeredBy(first.metadata.name)
    await apply(slice(second.status.podIP))
    await answeredBy(second.metadata.name)
    await kubectl('delete', 'serviceimport', 'imported', '--namespace', NAMESPACE)
    await eventually(async () => expect((await get(site.address, 'west.example.com')).status).toBe(500), 60_000)
  }, 240_000)
})
