import { expect, it } from '@jest/globals'
import { KINDS } from '../kinds/index.js'
import { FolderState } from '../provider/file/folder-state.js'
import { ResourceStore } from '../store/resource-store.js'
import { atOnce } from '../util/in-parts.js'
import { unreadableFormats } from './unreadable-formats.js'

function said(kind: string, spec: string): readonly string[] {
  const folder = new FolderState(KINDS)
  const store = new ResourceStore(KINDS, { set: () => true })
  const yaml = `{apiVersion: headgate.dev/v1alpha1, kind: ${kind}, metadata: {name: told}, spec: ${spec}}`
  store.apply(atOnce(folder.apply([['a.yaml', atOnce(folder.read('a.yaml', yaml))]])))
  expect(folder.problems()).toEqual([])
  return unreadableFormats(store).map(({ severity, where, message }) => `${severity} ${where} ${message}`)
}

const TARGET = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}]'
const COLLECTOR = 'backendRef: {name: collector, port: 4317}'

it.each([
  {
    what: 'nothing',
    kind: 'GatewayConfig',
    spec: '{accessLogs: [{format: {text: "%DURATION%%%"}, expressions: ["response.code >= 400"]}]}',
    want: [],
  },
  {
    what: 'an open percent sign',
    kind: 'GatewayConfig',
    spec: '{accessLogs: [{}, {format: {json: {share: "50%", code: "%RESPONSE_CODE%"}}}]}',
    want: [/^error GatewayConfig\/default\/told spec\.accessLogs\[1\]\.format\.json\.share: "%" begins no operator/],
  },
  {
    what: 'an operator that nobody knows, which a newer Envoy may',
    kind: 'GatewayConfig',
    spec: '{accessLogs: [{format: {text: "%RESPONSE_CODES%"}}]}',
    want: [/^warning .* spec\.accessLogs\[0\]\.format\.text: Envoy 1\.40 knows no operator %RESPONSE_CODES%/],
  },
  {
    what: 'expressions that are none',
    kind: 'GatewayConfig',
    spec: '{accessLogs: [{expressions: ["response.code >="], format: {text: "%CEL(request.path + )%"}}]}',
    want: [/^error .*format\.text: %CEL\(request\.path \+ \)% is no CEL/, /^error .*\.expressions\[0\]: it is no CEL/],
  },
  {
    what: 'attributes, and names and tags of spans',
    kind: 'GatewayConfig',
    spec: `{accessLogs: [{sink: {type: OpenTelemetry, openTelemetry: {${COLLECTOR}, attributes: {a: "%REQ%"}}}}], tracing: {provider: {type: OpenTelemetry, ${COLLECTOR}}, spanName: "%", tags: [{name: t, value: "% %"}]}}`,
    want: [
      /spec\.accessLogs\[0\]\.sink\.openTelemetry\.attributes\.a: %REQ% needs something/,
      /spec\.tracing\.spanName: /,
      /spec\.tracing\.tags\[0\]\.value: /,
    ],
  },
  {
    what: 'names of spans of a policy',
    kind: 'BackendTrafficPolicy',
    spec: `{${TARGET}, telemetry: {tracing: {spanName: "50%"}}}`,
    want: [/^error BackendTrafficPolicy\/default\/told spec\.telemetry\.tracing\.spanName: /],
  },
])('tells $what', ({ kind, spec, want }) => {
  expect(said(kind, spec)).toEqual(want.map((words) => expect.stringMatching(words)))
})
