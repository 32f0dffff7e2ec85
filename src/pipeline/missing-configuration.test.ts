/** Where a Gateway in a cluster listens while its own GatewayConfig is not there: what stands around its Envoys stays as it is then. */
import { ServerCredentials } from '@grpc/grpc-js'
import { expect, it } from '@jest/globals'
import { change } from '../../test/perf/objects.js'
import { CONTROLLER_NAME } from '../gatewayapi/context.js'
import { PodPlacements } from '../infra/kubernetes/pod-placements.js'
import { allowEveryone } from '../xds/server/authentication.js'
import { createControlPlane } from './control-plane.js'
import { listenerPlaces } from './observe/listener-places.js'

const metadata = (name: string, namespace: string) => ({ name, namespace, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' })
const gatewayClass = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'GatewayClass',
  metadata: metadata('headgate', ''),
  spec: { controllerName: CONTROLLER_NAME },
}
const gateway = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: metadata('web', 'shop'),
  spec: {
    gatewayClassName: 'headgate',
    infrastructure: { parametersRef: { group: 'headgate.dev', kind: 'GatewayConfig', name: 'own' } },
    listeners: [{ name: 'http', port: 80, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'Same' } } }],
  },
}
const config = {
  apiVersion: 'headgate.dev/v1alpha1',
  kind: 'GatewayConfig',
  metadata: metadata('own', 'shop'),
  spec: { useListenerPortAsContainerPort: true },
}

it('is where it was', async () => {
  const { pipeline, translation } = createControlPlane({
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new PodPlacements(),
    authenticator: allowEveryone('shop/web'),
    credentials: ServerCredentials.createInsecure(),
  })
  const bound = (): readonly unknown[] => listenerPlaces(translation).map(({ boundPort }) => boundPort)
  pipeline.changes([gatewayClass, gateway, config].map(change))
  pipeline.complete()
  await pipeline.idle()
  expect(bound()).toEqual([80])
  pipeline.changes([{ ...change(config), object: undefined }])
  await pipeline.idle()
  expect(bound()).toEqual([80])
  pipeline.changes([change({ ...config, metadata: metadata('own', 'shop'), ...{ spec: {} } })])
  await pipeline.idle()
  expect(bound()).toEqual([10_080])
})
