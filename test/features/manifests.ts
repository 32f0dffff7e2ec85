/** YAML that most feature tests begin with. */

/** A Gateway of the class `headgate` in the namespace `default`; listeners default to HTTP on port 80 for routes of all namespaces. */
export function gateway(
  name: string,
  listeners = '[{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]',
): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}}
spec:
  gatewayClassName: headgate
  listeners: ${listeners}
`
}

/** A Backend for a test backend, under its name. */
export function backend({ name, port }: { readonly name: string; readonly port: number }, appProtocols: readonly string[] = []): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: ${name}}
spec:
  endpoints: [{ip: {address: 127.0.0.1, port: ${port}}}]
  ${appProtocols.length === 0 ? '' : `appProtocols: [${appProtocols.join(', ')}]`}
`
}
