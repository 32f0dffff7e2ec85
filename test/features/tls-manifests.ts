/** YAML of feature tests about TLS. */
import type { PemPair } from '../support/certificates.js'

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** A Secret with a certificate. */
export function secret(name: string, pair: PemPair, namespace = 'default'): string {
  return `
apiVersion: v1
kind: Secret
metadata: {name: ${name}, namespace: ${namespace}}
type: kubernetes.io/tls
data: {tls.crt: ${base64(pair.certificate)}, tls.key: ${base64(pair.privateKey)}}
`
}

/** A ConfigMap with authorities, as PEM. */
export function authorities(name: string, pem: string, namespace = 'default'): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, namespace: ${namespace}}
data: {ca.crt: ${JSON.stringify(pem)}}
`
}

/** An HTTPS listener in flow style; `more` follows the references to certificates. */
export function https(name: string, hostname: string | undefined, port = 443, cert = 'cert', more = ''): string {
  const host = hostname === undefined ? '' : `hostname: "${hostname}", `
  return `{name: ${name}, port: ${port}, protocol: HTTPS, ${host}tls: {certificateRefs: [{name: ${cert}}]${more}}}`
}

/** A ReferenceGrant that lets Gateways of the namespace `default` refer to a kind of the core group. */
export function gatewayGrant(namespace: string, kind: 'Secret' | 'ConfigMap'): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: for-gateways, namespace: ${namespace}}
spec: {from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: default}], to: [{group: '', kind: ${kind}}]}
`
}
