/** A folder of which something cannot be read at start: nothing is open that may have been closed. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { backend, gateway } from './manifests.js'

let app: TestBackend
let headgate: Standalone | undefined

beforeAll(async () => {
  app = await startBackend('app')
})

afterAll(() => app.close())

afterEach(async () => {
  await headgate?.stop()
  headgate = undefined
})

const route = (name: string, path = '/') => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}}
spec:
  parentRefs: [{name: gw}]
  hostnames: [${name}.example.com]
  rules: [{matches: [{path: {value: ${path}}}], backendRefs: [{group: headgate.dev, kind: Backend, name: app}]}]
`
const base = () => [gateway('gw'), backend(app), route('good')].join('---')

async function statusOf(running: Standalone, host: string): Promise<number> {
  return (await running.send('default/gw', 80, { host: `${host}.example.com` })).status
}

describe('a folder with something unreadable', () => {
  it('is refused at start, with the place and what to do', async () => {
    await expect(startTestStandalone({}, { base: base(), broken: 'kind: [' })).rejects.toThrow(/broken\.yaml:1:\d+: error: /)
  })

  it('answers 503 to everybody with --allow-partial, since a policy may have been in it, until it can be read', async () => {
    headgate = await startTestStandalone({ allowPartial: true }, { base: base(), broken: 'kind: [' })
    expect(await statusOf(headgate, 'good')).toBe(503)
    expect(await statusOf(headgate, 'other')).toBe(503)
    await headgate.write('broken', route('other'))
    expect(await statusOf(headgate, 'good')).toBe(200)
    expect(await statusOf(headgate, 'other')).toBe(200)
  })

  it('answers 503 only to requests without a route when it is a route that was refused', async () => {
    headgate = await startTestStandalone({ allowPartial: true }, { base: base(), refused: route('refused', 'no-slash') })
    expect(await statusOf(headgate, 'good')).toBe(200)
    expect(await statusOf(headgate, 'refused')).toBe(503)
    await headgate.write('refused', route('refused'))
    expect(await statusOf(headgate, 'refused')).toBe(200)
    expect(await statusOf(headgate, 'nobody')).toBe(404)
  })

  it('changes nothing when it breaks later: what was read goes on', async () => {
    headgate = await startTestStandalone({}, { base: base() })
    await headgate.put('broken', 'kind: [')
    await headgate.settle()
    expect(await statusOf(headgate, 'good')).toBe(200)
    expect(await statusOf(headgate, 'nobody')).toBe(404)
  })
})
