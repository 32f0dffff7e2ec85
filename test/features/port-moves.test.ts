/** Listeners whose bound ports collide come and go: Envoy has each address once at any time, and nobody waits for an edit. */
import { afterAll, beforeAll, expect } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { feature } from './feature.js'
import { backend, gateway, httpRoute, to } from './manifests.js'

let headgate: Standalone
let backends: readonly TestBackend[] = []
beforeAll(async () => {
  backends = [await startBackend('privileged'), await startBackend('named')]
  headgate = await startTestStandalone()
  const routes = [
    httpRoute('privileged', `[{${to('privileged')}}]`, 'parentRefs: [{name: gw, port: 443}]'),
    httpRoute('named', `[{${to('named')}}]`, 'parentRefs: [{name: gw, port: 8443}]'),
  ]
  await headgate.write('base', [...backends.map((each) => backend(each)), ...routes].join('---'))
}, 60_000)
afterAll(async () => {
  await headgate?.stop()
  for (const each of backends) await each.close()
})

/** The backend behind a port of the Gateway. */
const answers = (port: number, name: string) =>
  eventually(
    async () => expect((await headgate.send('default/gw', port, { host: 'a.example.com', path: '/' })).echo?.backend).toBe(name),
    20_000,
  )

const listener = (name: string, port: number) => `{name: ${name}, port: ${port}, protocol: HTTP}`
const write = (...listeners: readonly string[]) => headgate.write('gateway', gateway('gw', `[${listeners.join(', ')}]`))

feature(
  ['Gateway spec.listeners.port'],
  'a port that a listener names is its own, and the one from below 1024 that was there moves and comes back',
  async () => {
    const low = listener('low', 443)
    const high = listener('high', 8443)
    await write(low)
    const usual = headgate.place('default/gw', 443).port
    await answers(443, 'privileged')
    for (let turn = 0; turn < 2; turn++) {
      await write(low, high)
      expect(headgate.place('default/gw', 8443).port).toBe(usual)
      expect(headgate.place('default/gw', 443).port).toBe(usual + 10_000)
      await answers(443, 'privileged')
      await answers(8443, 'named')
      await write(low)
      expect(headgate.place('default/gw', 443).port).toBe(usual)
      await answers(443, 'privileged')
    }
    // The same address under another name: an edit of the port number.
    await write(high)
    await answers(8443, 'named')
    await write(low)
    await answers(443, 'privileged')
    expect(headgate.running.controlPlane.server.rejected.list()).toEqual([])
  },
)
