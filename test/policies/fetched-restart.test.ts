/** What was fetched for policies outlives the server that it came from and the Headgate that fetched it. */
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { backend, gateway, httpRoute, to, under } from '../features/manifests.js'
import { eventually } from '../support/eventually.js'
import { startBackend } from '../support/http-backend.js'
import { startTestStandalone } from '../support/standalone.js'
import { wasmProgram } from '../support/wasm-program.js'
import { startWebServer } from '../support/web-server.js'

const stateFolder = mkdtempSync(join(tmpdir(), 'headgate-fetched-'))
afterAll(() => rm(stateFolder, { recursive: true, force: true }))

const policy = (name: string, url: string, more = '') => `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: ${name}}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: ${name}}]
  wasm: [{code: {type: HTTP, http: {url: "${url}"}${more}}, config: a text}]
`

it('a restart needs no server, and is not held up by one that says nothing', async () => {
  const target = await startBackend('target')
  const server = await startWebServer(() => ({ status: 200, body: wasmProgram() }))
  const silent = await startWebServer(() => undefined)
  const objects = [
    gateway('gw'),
    backend(target),
    httpRoute(
      'r',
      `[${under('/once', `name: once, ${to('target')}`)}, ${under('/kept', `name: kept, ${to('target')}`)}, ${under('/silent', `name: silent, ${to('target')}`)}]`,
    ),
    policy('once', `http://${server.host}/once.wasm`),
    policy('kept', `http://${server.host}/kept.wasm`, ', pullPolicy: Always'),
  ].join('---')
  const withSilent = [objects, policy('silent', `http://${silent.host}/silent.wasm`)].join('---')
  const asked = async (headgate: Awaited<ReturnType<typeof startTestStandalone>>, path: string) => {
    const { status, echo } = await headgate.send('default/gw', 80, { host: 'example.com', path })
    return echo?.headers['x-wasm'] ?? status
  }
  const seen = async (headgate: Awaited<ReturnType<typeof startTestStandalone>>) =>
    Promise.all(['/once', '/kept', '/silent'].map((path) => asked(headgate, path)))
  try {
    const before = await startTestStandalone({ stateFolder }, { objects })
    await eventually(async () => expect(await seen(before)).toEqual(['a text', 'a text', 200]))
    await before.stop()
    await server.close()
    const after = await startTestStandalone({ stateFolder }, { objects: withSilent })
    try {
      await after.settle()
      expect(await seen(after)).toEqual(['a text', 'a text', 500])
      expect(after.status('ExtensionPolicy/default/kept')).toMatchObject({
        ancestors: [{ conditions: [{ type: 'Accepted', status: 'True' }] }],
      })
    } finally {
      await after.stop()
    }
  } finally {
    await Promise.all([target.close(), silent.close(), server.close()])
  }
}, 120_000)
