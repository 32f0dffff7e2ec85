import { describe, expect, it } from '@jest/globals'
import { gatewayOf } from './owned-objects.js'

const US = { controllerName: 'headgate.dev/gateway-controller', controllerNamespace: 'system' }
const LABELS = { 'app.kubernetes.io/managed-by': 'headgate', 'app.kubernetes.io/component': 'proxy' }

describe('the fleet of an object', () => {
  it.each([
    { what: 'is beside its Gateway', namespace: 'shop', fleet: 'shop/web', want: 'shop/web' },
    { what: 'is that of a class beside the controller', namespace: 'system', fleet: 'GatewayClass/all', want: 'GatewayClass/all' },
    { what: 'is not that of a Gateway in another namespace', namespace: 'stranger', fleet: 'shop/web', want: undefined },
    { what: 'is not that of a Gateway in a namespace that begins alike', namespace: 'shop', fleet: 'shop-2/web', want: undefined },
    { what: 'is not that of a class anywhere else', namespace: 'stranger', fleet: 'GatewayClass/all', want: undefined },
    { what: 'is that of another installation', namespace: 'shop', fleet: 'shop/web', by: 'example.com/other', want: undefined },
    { what: 'is not named', namespace: 'shop', fleet: '', want: undefined },
    { what: 'is not ours', namespace: 'shop', fleet: 'shop/web', labels: {}, want: undefined },
  ])('$what', ({ namespace, fleet, by = US.controllerName, labels = LABELS, want }) => {
    const annotations = { 'headgate.dev/gateway': fleet, 'headgate.dev/controller': by }
    expect(gatewayOf({ metadata: { name: 'headgate-web', namespace, labels, annotations } }, US)).toBe(want)
  })
})
