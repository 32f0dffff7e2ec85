/** A namespace with a backend, a Gateway and a route. */
import { Agent } from 'node:http'
import { eventually } from '../../support/eventually.js'
import { apply, conditionsOf, type Gateway, kubectl, kubectlJson } from './kubectl.js'
import { ask } from './load.js'

/** A served host. */
export interface Site {
  readonly namespace: string
  readonly address: string
  readonly host: string
}

/** The namespace refuses every pod that does not keep to the "restricted" Pod Security Standard. */
export function namespaceYaml(name: string): string {
  return `
apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { pod-security.kubernetes.io/enforce: restricted } }
`
}

/** Two pods that answer every request, and their Service. */
export function backendYaml(namespace: string): string {
  return backendThatEnds(namespace, '{}')
}

/** The backend as who cares for its requests runs it: a pod goes on for a while after it was taken out, and one goes at a time. */
export function patientBackendYaml(namespace: string): string {
  return `${backendThatEnds(namespace, '{ preStop: { sleep: { seconds: 5 } } }')}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: echo, namespace: ${namespace} }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: echo } } }
`
}

/** @param ends what pods do before they end */
function backendThatEnds(namespace: string, ends: string): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: echo, namespace: ${namespace} }
spec:
  replicas: 2
  selector: { matchLabels: { app: echo } }
  template:
    metadata: { labels: { app: echo } }
    spec:
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: echo
          image: registry.k8s.io/gateway-api/conformance/echo-basic:v0.1.0
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
          env:
            - { name: NAMESPACE, value: ${namespace} }
            - { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
          readinessProbe: { httpGet: { path: /health, port: 3000 }, periodSeconds: 1 }
          lifecycle: ${ends}
---
apiVersion: v1
kind: Service
metadata: { name: echo, namespace: ${namespace} }
spec:
  selector: { app: echo }
  ports: [{ port: 80, targetPort: 3000 }]
`
}

/** A Gateway with one HTTP listener. */
export function gatewayYaml(namespace: string, gatewayClass: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: web, namespace: ${namespace} }
spec:
  gatewayClassName: ${gatewayClass}
  listeners: [{ name: http, protocol: HTTP, port: 80 }]
`
}

/** A route from a host to the backend. */
export function routeYaml(namespace: string, name: string, host: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  parentRefs: [{ name: web }]
  hostnames: [${host}]
  rules: [{ backendRefs: [{ name: echo, port: 80 }] }]
`
}

/** Makes everything and waits until requests are answered. */
export async function createSite(namespace: string, gatewayClass: string): Promise<Site> {
  const host = `${namespace}.example.com`
  const yaml = [namespaceYaml(namespace), backendYaml(namespace), gatewayYaml(namespace, gatewayClass), routeYaml(namespace, 'web', host)]
  await apply(yaml.join('---'))
  return untilServed(namespace, host)
}

/** Waits until requests to the host are answered, where all that a site is made of has been applied. */
export async function untilServed(namespace: string, host: string): Promise<Site> {
  await kubectl('rollout', 'status', 'deployment/echo', '--namespace', namespace, '--timeout=90s')
  try {
    await kubectl('wait', 'gateway/web', '--namespace', namespace, '--for=condition=Programmed', '--timeout=120s')
  } catch (cause) {
    throw new Error(`the Gateway is not programmed: ${JSON.stringify((await readGateway(namespace)).status)}`, { cause })
  }
  const gateway = await readGateway(namespace)
  const address = gateway.status?.addresses?.[0]?.value
  if (address === undefined) throw new Error(`the Gateway is programmed and has no address: ${conditionsOf(gateway).join(' ')}`)
  const site = { namespace, address, host }
  await answers(site)
  return site
}

/** The Gateway of a site, or another one. */
export function readGateway(namespace: string, name = 'web'): Promise<Gateway> {
  return kubectlJson<Gateway>('get', 'gateway', name, '--namespace', namespace)
}

/** Resolves when the host is answered with 200. */
export async function answers({ address, host }: Pick<Site, 'address' | 'host'>, withinMs = 30_000): Promise<void> {
  const agent = new Agent({ keepAlive: false })
  await eventually(async () => {
    const outcome = await ask(agent, address, 80, host)
    if (outcome !== 200) throw new Error(`${host} at ${address}: ${outcome}`)
  }, withinMs)
}
