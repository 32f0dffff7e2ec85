import { expect, it } from '@jest/globals'
import { KINDS } from '../../kinds/index.js'
import { FolderState } from '../../provider/file/folder-state.js'
import { ResourceStore } from '../../store/resource-store.js'
import { atOnce } from '../../util/in-parts.js'
import { unreadableFormats } from './unreadable-formats.js'

function said(spec: string): readonly string[] {
  const folder = new FolderState(KINDS)
  const store = new ResourceStore(KINDS, { set: () => true })
  const yaml = `{apiVersion: headgate.dev/v1alpha1, kind: GatewayConfig, metadata: {name: told}, spec: ${spec}}`
  store.apply(atOnce(folder.apply([['a.yaml', atOnce(folder.read('a.yaml', yaml))]])))
  expect(folder.problems()).toEqual([])
  return unreadableFormats(store).map(({ severity, where, message }) => `${severity} ${where} ${message}`)
}

const COLLECTOR = 'backendRef: {name: collector, port: 4317}'

it.each([
  {
    what: 'nothing',
    spec: '{accessLogs: [{format: {text: "%DURATION%%%"}, expressions: ["response.code >= 400"]}]}',
    want: [],
  },
  {
    what: 'an open percent sign',
    spec: '{accessLogs: [{}, {format: {json: {share: "50%", code: "%RESPONSE_CODE%"}}}]}',
    want: [/^error GatewayConfig\/default\/told spec\.accessLogs\[1\]\.format\.json\.share: "%" begins no operator/],
  },
  {
    what: 'an operator that nobody knows, which a newer Envoy may',
    spec: '{accessLogs: [{format: {text: "%RESPONSE_CODES%"}}]}',
    want: [/^warning .* spec\.accessLogs\[0\]\.format\.text: Envoy 1\.40 knows no operator %RESPONSE_CODES%/],
  },
  {
    what: 'expressions that are none',
    spec: '{accessLogs: [{expressions: ["response.code >="], format: {text: "%CEL(request.path + )%"}}]}',
    want: [/^error .*format\.text: %CEL\(request\.path \+ \)% is no CEL/, /^error .*\.expressions\[0\]: it is no CEL/],
  },
  {
    what: 'attributes, and names and tags of spans',
    spec: `{accessLogs: [{sink: {type: OpenTelemetry, openTelemetry: {${COLLECTOR}, attributes: {a: "%REQ%"}}}}], tracing: {provider: {type: OpenTelemetry, ${COLLECTOR}}, spanName: "%", tags: [{name: t, value: "% %"}]}}`,
    want: [
      /spec\.accessLogs\[0\]\.sink\.openTelemetry\.attributes\.a: %REQ% needs something/,
      /spec\.tracing\.spanName: /,
      /spec\.tracing\.tags\[0\]\.value: /,
    ],
  },
])('tells $what', ({ spec, want }) => {
  expect(said(spec)).toEqual(want.map((words) => expect.stringMatching(words)))
})
