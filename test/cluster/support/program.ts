/** Pods that run a server of the tests, and the pods of a Gateway. */
import { type Condition, kubectlJson, type List } from './kubectl.js'

/** A program of conformance/e2e-images.sh with its Service, in a namespace that wants nobody to have rights. */
export function programYaml(namespace: string, name: string, port: number, args: readonly string[], appProtocol?: string): string {
  const ports = `[{ port: ${port}${appProtocol === undefined ? '' : `, appProtocol: ${appProtocol}`} }]`
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: ${name}
          image: docker.io/headgate/test-programs:e2e
          args: ${JSON.stringify(args)}
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
          resources: { requests: { cpu: 10m, memory: 32Mi } }
          readinessProbe: { tcpSocket: { port: ${port} }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { selector: { app: ${name} }, ports: ${ports} }
`
}

interface Pod {
  readonly metadata: { readonly deletionTimestamp?: string }
  readonly status: { readonly podIP?: string; readonly conditions?: readonly Condition[] }
}

interface ServiceObject {
  readonly spec: { readonly ports: readonly { readonly port: number; readonly targetPort: number }[] }
}

/** Where each Envoy of the Gateway `web` takes what clients send to a port of it. */
export async function proxies(namespace: string, port: number): Promise<readonly { readonly address: string; readonly port: number }[]> {
  const select = ['--namespace', namespace, '--selector', 'gateway.networking.k8s.io/gateway-name=web']
  const [pods, services] = await Promise.all([
    kubectlJson<List<Pod>>('get', 'pods', ...select),
    kubectlJson<List<ServiceObject>>('get', 'services', ...select),
  ])
  const target = services.items.flatMap(({ spec }) => spec.ports).find((each) => each.port === port)?.targetPort
  if (target === undefined) throw new Error(`no Service of ${namespace}/web has the port ${port}`)
  return pods.items.flatMap(({ metadata, status }) => {
    const isReady = (status.conditions ?? []).some((each) => each.type === 'Ready' && each.status === 'True')
    return isReady && metadata.deletionTimestamp === undefined && status.podIP !== undefined
      ? [{ address: status.podIP, port: target }]
      : []
  })
}
