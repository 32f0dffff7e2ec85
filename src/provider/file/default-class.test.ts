/** The class `headgate`, which a folder need not declare. */
import { expect, it } from '@jest/globals'
import { KINDS } from '../../kinds/index.js'
import { atOnce } from '../../util/in-parts.js'
import { FolderState } from './folder-state.js'

const gateway = (gatewayClassName: string) =>
  `{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: gw}, spec: {gatewayClassName: ${gatewayClassName}, listeners: [{name: http, port: 80, protocol: HTTP}]}}`
const declared = (controllerName: string) =>
  `{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: headgate}, spec: {controllerName: ${controllerName}}}`

/** Writes files, one after the other, and says after each which controller the class is of. */
function controllersAfter(...steps: readonly Readonly<Record<string, string | undefined>>[]): readonly unknown[] {
  const state = new FolderState(KINDS, 'example.com/ours')
  let controller: unknown
  return steps.map((files) => {
    const contents = Object.entries(files).map(([file, text]) => [file, text && atOnce(state.read(file, text))] as const)
    const changes = atOnce(state.apply(contents.map(([file, content]) => [file, content || undefined])))
    const own = changes.filter(({ kind }) => kind === 'GatewayClass')
    expect(own.length).toBeLessThan(2)
    for (const { object } of own) controller = Object(Reflect.get(object ?? {}, 'spec')).controllerName
    return controller
  })
}

it.each([
  {
    what: 'is there as soon as and as long as a Gateway names it',
    steps: [{ a: gateway('headgate') }, { a: gateway('other') }],
    want: ['example.com/ours', undefined],
  },
  { what: 'is there for Gateways only', steps: [{ a: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n' }], want: [undefined] },
  {
    what: 'is what a file says that it is',
    steps: [{ a: gateway('headgate') }, { b: declared('example.com/other') }, { b: undefined }],
    want: ['example.com/ours', 'example.com/other', 'example.com/ours'],
  },
  {
    what: 'is what a file says from the start',
    steps: [{ a: gateway('headgate'), b: declared('example.com/other') }],
    want: ['example.com/other'],
  },
  {
    what: 'is not there where nobody knows what a file says of it',
    steps: [{ a: gateway('headgate'), b: declared('5') }, { b: declared('example.com/other') }],
    want: [undefined, 'example.com/other'],
  },
  {
    what: 'stays when a file says something wrong of it',
    steps: [{ a: gateway('headgate') }, { b: declared('5') }, { b: undefined }, { a: undefined }],
    want: ['example.com/ours', 'example.com/ours', 'example.com/ours', undefined],
  },
])('$what', ({ steps, want }) => {
  expect(controllersAfter(...steps)).toEqual(want)
})
