import { describe, expect, it } from '@jest/globals'
import { matchesObject, nearObject, readObjectName } from './object-name.js'

const route = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name: 'www' }

describe('names of objects', () => {
  it.each([
    ['httproute', true],
    ['HTTPRoutes', true],
    ['httproutes.gateway.networking.k8s.io', true],
    ['httproute.gateway.networking.k8s.io/www', true],
    ['httproute/www', true],
    ['httproute/shop/www', true],
    ['httproute/web/www', false],
    ['httproute/other', false],
    ['grpcroute/www', false],
  ])('%s names the route: %s', (text, want) => {
    expect(matchesObject(readObjectName(text), route)).toBe(want)
  })

  it.each([
    ['gatewayclasses', 'gatewayclass'],
    ['gatewayclass', 'gatewayclass'],
    ['gc', 'gatewayclass'],
    ['backendtlspolicies', 'backendtlspolicy'],
    ['lset', 'listenerset'],
    ['referencegrants', 'referencegrant'],
    ['hgbtp', 'backendtrafficpolicy'],
    ['xbackends', 'xbackend'],
  ])('%s is a %s', (text, kind) => {
    expect(readObjectName(text).kind).toBe(kind)
  })

  it.each(['', 'a/b/c/d', 'httproute/', '/www', 'http route'])('%p is no name', (text) => {
    expect(() => readObjectName(text)).toThrow('Write KIND, KIND/NAME or KIND/NAMESPACE/NAME')
  })

  it.each(['nosuchkind', 'ingress/shop/www'])('%s names no kind that is read, and what is read is said', (text) => {
    expect(() => readObjectName(text)).toThrow(
      /Headgate reads no kind "(nosuchkind|ingress)"\. Kinds: GatewayClass, Gateway, .*HTTPRoute, /,
    )
  })

  it.each([
    ['htproute', 'HTTPRoute'],
    ['httprouts/www', 'HTTPRoute'],
    ['gatewya/shop/www', 'Gateway'],
    ['securitypolices', 'SecurityPolicy'],
  ])('%s is near to a kind, which is asked for', (text, kind) => {
    expect(() => readObjectName(text)).toThrow(`": is ${kind} meant?`)
  })

  it.each([
    ['httproute/www', undefined, 'HTTPRoute/shop/www, HTTPRoute/web/www'],
    ['httproute/web/www', 'HTTPRoute/shop/www', 'HTTPRoute/shop/www'],
    ['httproute/ww', 'HTTPRoute/shop/www', 'HTTPRoute/shop/www'],
    ['httproute/web/ww', undefined, 'HTTPRoute/shop/www'],
    ['grpcroute/ww', undefined, 'HTTPRoute/shop/www'],
    ['httproute/api', undefined, 'HTTPRoute/shop/www'],
    ['httproute', undefined, 'HTTPRoute/shop/www'],
  ])('%s means %s where there is %s', (text, want, there) => {
    const objects = there.split(', ').map((each) => {
      const [kind = '', namespace = '', name = ''] = each.split('/')
      return { group: '', kind, namespace, name }
    })
    expect(nearObject(readObjectName(text), objects)).toBe(want)
  })
})
