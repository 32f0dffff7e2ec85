import { expect, it } from '@jest/globals'
import { CONTROLLER_NAME } from '../../gatewayapi/context.js'
import { KINDS } from '../../kinds/index.js'
import { FolderState } from '../../provider/file/folder-state.js'
import { ResourceStore } from '../../store/resource-store.js'
import { atOnce } from '../../util/in-parts.js'
import { unservedObjects } from './unserved-objects.js'

function said(yaml: string): readonly string[] {
  const folder = new FolderState(KINDS)
  const store = new ResourceStore(KINDS, { set: () => true })
  store.apply(atOnce(folder.apply([['a.yaml', atOnce(folder.read('a.yaml', yaml))]])))
  expect(folder.problems()).toEqual([])
  return unservedObjects(store, CONTROLLER_NAME).map(({ severity, where, message, object }) => {
    expect([severity, object]).toEqual(['warning', expect.objectContaining({ name: where.slice(where.lastIndexOf('/') + 1) })])
    return `${where}: ${message}`
  })
}

const object = (kind: string, name: string, spec: string, namespace = 'default') =>
  `{apiVersion: gateway.networking.k8s.io/v1, kind: ${kind}, metadata: {name: ${name}, namespace: ${namespace}}, spec: ${spec}}`
const gatewayClass = `{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: headgate}, spec: {controllerName: ${CONTROLLER_NAME}}}`
const foreign =
  '{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: foreign}, spec: {controllerName: example.com/other}}'
const targets = (group: string, kind: string, ...names: readonly string[]) =>
  names.map((name) => `{group: "${group}", kind: ${kind}, name: ${name}}`).join()
const validation = 'validation: {hostname: example.com, wellKnownCACertificates: System}'
const listeners = 'listeners: [{name: http, port: 80, protocol: HTTP}]'
const base = [gatewayClass, foreign, object('Gateway', 'gw', `{gatewayClassName: headgate, ${listeners}}`)].join('\n---\n')
const CLASS = `GatewayClass/foreign: spec.controllerName: it is for "example.com/other", and this is "${CONTROLLER_NAME}"`

it.each([
  { what: 'all is well', yaml: object('HTTPRoute', 'r', '{parentRefs: [{name: gw}], rules: [{}]}'), want: [] },
  { what: 'a Gateway of a foreign class', yaml: object('Gateway', 'g', `{gatewayClassName: foreign, ${listeners}}`), want: [] },
  {
    what: 'a Gateway of no class',
    yaml: object('Gateway', 'g', `{gatewayClassName: headgat, ${listeners}}`),
    want: [
      'Gateway/default/g: spec.gatewayClassName: there is no GatewayClass "headgat": correct the name; "headgate" is there without a file',
    ],
  },
  {
    what: 'a ListenerSet of no Gateway',
    yaml: object('ListenerSet', 's', `{parentRef: {name: gv}, ${listeners}}`),
    want: ['ListenerSet/default/s: spec.parentRef: there is no Gateway "default/gv": correct the name'],
  },
  {
    what: 'a route of which one parent is there',
    yaml: object('GRPCRoute', 'r', '{parentRefs: [{name: gw}, {name: gv}, {kind: ListenerSet, name: set}], rules: [{}]}'),
    want: [
      'GRPCRoute/default/r: spec.parentRefs[1]: there is no Gateway "default/gv": correct the name',
      'GRPCRoute/default/r: spec.parentRefs[2]: there is no ListenerSet "default/set": correct the name',
    ],
  },
  {
    what: 'a route whose parent is in another namespace',
    yaml: object('HTTPRoute', 'r', '{parentRefs: [{name: gw}], rules: [{}]}', 'shop'),
    want: ['HTTPRoute/shop/r: spec.parentRefs[0]: there is no Gateway "shop/gw", but "default/gw": name its namespace'],
  },
  {
    what: 'a route without parents',
    yaml: object('HTTPRoute', 'r', '{rules: [{}]}'),
    want: ['HTTPRoute/default/r: spec.parentRefs: it names no Gateway: name one'],
  },
  { what: 'a route that takes default Gateways', yaml: object('HTTPRoute', 'r', '{useDefaultGateways: All, rules: [{}]}'), want: [] },
  {
    what: 'a route of a mesh',
    yaml: object('HTTPRoute', 'r', '{parentRefs: [{group: "", kind: Service, name: s}], rules: [{}]}'),
    want: [],
  },
  {
    what: 'TLS towards Services that are not there, and towards what has other ways to say it',
    yaml: [
      '{apiVersion: v1, kind: Service, metadata: {name: there}, spec: {ports: [{port: 443}]}}',
      '{apiVersion: v1, kind: Service, metadata: {name: moved, namespace: shop}, spec: {ports: [{port: 443}]}}',
      object(
        'BackendTLSPolicy',
        'p',
        `{targetRefs: [${targets('', 'Service', 'there', 'there2', 'moved')}, ${targets('headgate.dev', 'Backend', 'b')}], ${validation}}`,
      ),
    ].join('\n---\n'),
    want: [
      'BackendTLSPolicy/default/p: spec.targetRefs[1]: there is no Service "default/there2": correct the name',
      'BackendTLSPolicy/default/p: spec.targetRefs[2]: there is no Service "default/moved", but "shop/moved": move the policy there',
      'BackendTLSPolicy/default/p: spec.targetRefs[3]: a BackendTLSPolicy cannot be about a Backend of the group "headgate.dev"; a Backend says it itself in spec.tls',
    ],
  },
  {
    what: 'sessions of a Backend that is not there',
    yaml: `{apiVersion: gateway.networking.x-k8s.io/v1alpha1, kind: XBackendTrafficPolicy, metadata: {name: t}, spec: {targetRefs: [${targets('headgate.dev', 'Backend', 'b')}], sessionPersistence: {type: Header, header: {name: x-s}}}}`,
    want: ['XBackendTrafficPolicy/default/t: spec.targetRefs[0]: there is no Backend "default/b": correct the name'],
  },
])('what nobody serves is told of: $what', ({ yaml, want }) => {
  expect(said(`${base}\n---\n${yaml}`)).toEqual([CLASS, ...want])
})
