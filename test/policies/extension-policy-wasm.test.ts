/** WebAssembly modules of ExtensionPolicies through the real Envoy: where they come from, what they are told, and what happens without them. */
import { mkdtempSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, it } from '@jest/globals'
import { httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { wasmProgram } from '../support/wasm-program.js'
import { policyField } from './coverage/policy-field.js'

const world = featureWorld(['open', 'guarded'])
const ROUTE = httpRoute('r', `[${under('/x', `name: x, ${to('guarded')}`)}, {${to('open')}}]`)
const MODULE = wasmProgram()
const CRASHING = wasmProgram({ crashes: true })
const folder = mkdtempSync(join(tmpdir(), 'headgate-wasm-'))
beforeEach(() => world.write(ROUTE))
afterAll(() => rm(folder, { recursive: true, force: true }))

const policy = (...modules: readonly string[]) => `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: x}]
  wasm: [${modules.join(', ')}]
`
const GIVEN = 'code: {type: ValueRef, valueRef: {group: "", kind: ConfigMap, name: modules}}'
const map = (content: Buffer) =>
  `\n{apiVersion: v1, kind: ConfigMap, metadata: {name: modules}, binaryData: {wasm: "${content.toString('base64')}"}}\n`

const conditions = () => world.conditions('ExtensionPolicy/default/p')

/** What the guarded backend sees, or the status of an answer by the proxy. */
async function seen(): Promise<Readonly<Record<string, unknown>> | number> {
  const { status, echo } = await world.ask({ path: '/x' })
  return echo?.headers ?? status
}

async function isClosed(): Promise<void> {
  await eventually(async () => expect(await seen()).toBeGreaterThanOrEqual(500), 20_000)
  expect(await world.answerer({ path: '/' })).toBe('open')
}

policyField(
  ['ExtensionPolicy wasm.{name,rootID,config}', 'ExtensionPolicy wasm.code.{type,valueRef}'],
  'runs modules of a ConfigMap in their order, with what they are told, and follows it',
  async () => {
    await world.write(ROUTE, policy(`{name: first, rootID: main, ${GIVEN}, config: a text}`, `{${GIVEN}, config: {n: [1]}}`), map(MODULE))
    expect(conditions()).toEqual(['Accepted=True/Accepted'])
    expect(await seen()).toMatchObject({ 'x-wasm': 'a text, {"n":[1]}', 'x-wasm-name': 'first, default/p/1', 'x-wasm-root': 'main, ' })
    expect(await seen()).not.toHaveProperty('x-wasm-env')
    const { echo } = await world.ask({ path: '/' })
    expect(echo).toMatchObject({ backend: 'open' })
    expect(echo?.headers).not.toHaveProperty('x-wasm')
  },
)

policyField(
  ['ExtensionPolicy wasm.code.path', 'ExtensionPolicy wasm.env.hostKeys'],
  'runs a file of the proxy, which sees the variables that it may',
  async () => {
    const path = join(folder, 'module.wasm')
    await writeFile(path, MODULE)
    const file = `code: {type: File, path: ${path}}`
    await world.write(ROUTE, policy(`{${file}, env: {hostKeys: [PATH]}}`))
    expect(await seen()).toMatchObject({ 'x-wasm-env': `PATH=${process.env.PATH}` })
    // The machine of before runs on for a while: it must not be shared.
    await world.write(ROUTE, policy(`{${file}}`))
    expect(await seen()).not.toHaveProperty('x-wasm-env')
  },
)

const crash = () => world.ask({ path: '/x', method: 'POST', body: 'crash' })

policyField(['ExtensionPolicy wasm.failOpen'], 'requests go on without a module that may fail', async () => {
  const mayFail = policy(`{${GIVEN}, failOpen: true}`)
  await world.write(ROUTE, mayFail)
  expect(await seen()).toMatchObject({ 'x-request-id': expect.any(String) })
  expect(conditions()).toEqual(['Accepted=True/Accepted', 'ResolvedRefs=False/UnsupportedValue'])
  await world.write(ROUTE, mayFail, map(CRASHING))
  expect(await seen()).toMatchObject({ 'x-wasm': '' })
  await eventually(async () => {
    await crash()
    const headers = await seen()
    expect(headers).toMatchObject({ 'x-request-id': expect.any(String) })
    expect(headers).not.toHaveProperty('x-wasm')
  }, 20_000)
})

it('a module that has crashed refuses requests, and is started again', async () => {
  await world.write(ROUTE, policy(`{${GIVEN}}`), map(CRASHING))
  expect(await seen()).toMatchObject({ 'x-wasm': '' })
  expect(await crash()).toMatchObject({ status: 503 })
  expect(await world.answerer({ path: '/' })).toBe('open')
  await eventually(async () => expect(await seen()).toMatchObject({ 'x-wasm': '' }), 20_000)
}, 60_000)

it.each([
  { what: 'a ConfigMap that is not there', map: '' },
  { what: 'what is no module', map: map(Buffer.from('#!/bin/sh\nexit 0')) },
])(
  '$what closes its rule, and nothing else',
  async ({ map: given }) => {
    await world.write(ROUTE, policy(`{${GIVEN}}`), given)
    expect(conditions()).toEqual(['Accepted=False/UnsupportedValue'])
    expect(await seen()).toBe(500)
    expect(await world.answerer({ path: '/' })).toBe('open')
  },
  60_000,
)

it.each([
  { what: 'a module that breaks off', content: MODULE.subarray(0, 60) },
  { what: 'a module that refuses its configuration', content: wasmProgram({ refusesConfig: true }) },
])(
  '$what closes its rule, and a better one opens it',
  async ({ content }) => {
    await world.write(ROUTE, policy(`{${GIVEN}}`), map(MODULE))
    expect(await seen()).toMatchObject({ 'x-wasm': '' })
    await world.write(ROUTE, policy(`{${GIVEN}}`), map(content))
    await isClosed()
    await world.write(ROUTE, policy(`{${GIVEN}}`), map(MODULE))
    await eventually(async () => expect(await seen()).toMatchObject({ 'x-wasm': '' }), 20_000)
  },
  60_000,
)
