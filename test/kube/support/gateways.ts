/** Classes and Gateways that tests of the whole controller begin with. */
import type { JsonObject } from '../../../src/k8s/kube-json.js'
import { CONTROLLER } from './controller-config.js'
import { create, type KubeApiServer } from './kube-apiserver.js'

const GROUP = 'gateway.networking.k8s.io'
const API = `/apis/${GROUP}/v1`

/** Creates the GatewayClass `headgate`, which is ours. */
export function createGatewayClass({ admin }: Pick<KubeApiServer, 'admin'>): Promise<JsonObject> {
  return create(admin, `${API}/gatewayclasses`, {
    apiVersion: `${GROUP}/v1`,
    kind: 'GatewayClass',
    metadata: { name: 'headgate' },
    spec: { controllerName: CONTROLLER },
  })
}

/** Creates a Gateway of that class with one HTTP listener. */
export function createGateway({ admin }: Pick<KubeApiServer, 'admin'>, namespace: string, name: string): Promise<JsonObject> {
  return create(admin, `${API}/namespaces/${namespace}/gateways`, {
    apiVersion: `${GROUP}/v1`,
    kind: 'Gateway',
    metadata: { name },
    spec: { gatewayClassName: 'headgate', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
  })
}
