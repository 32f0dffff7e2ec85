/** The Gateway `gw`, which takes its telemetry from the GatewayConfig `told`. */
export const TOLD_GATEWAY = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec:
  gatewayClassName: headgate
  infrastructure: {parametersRef: {group: headgate.dev, kind: GatewayConfig, name: told}}
  listeners: [{name: http, port: 80, protocol: HTTP}]
`
