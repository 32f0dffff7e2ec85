/** Nothing cuts an answer that takes its time: 20 s are more than any default of Envoy that would. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { backend, gateway, httpRoute, to } from './manifests.js'

const ANSWER_MS = 20_000

let headgate: Standalone
let slow: TestBackend
beforeAll(async () => {
  slow = await startBackend('slow')
  headgate = await startTestStandalone()
  await headgate.write('objects', [gateway('gw'), backend(slow), httpRoute('r', `[{${to('slow')}}]`)].join('---'))
}, 60_000)
afterAll(async () => {
  await headgate?.stop()
  await slow?.close()
})

it('an answer after 20 s arrives over HTTP/1.1 and HTTP/2', async () => {
  const request = { host: 'a.example.com', path: `/?delayMs=${ANSWER_MS}`, timeoutMs: 4 * ANSWER_MS }
  const http2 = headgate.http2('default/gw', 80)
  const answers = await Promise.all([headgate.send('default/gw', 80, request), http2.send(request)])
  http2.close()
  expect(answers.map(({ status, echo }) => [status, echo?.backend])).toEqual([
    [200, 'slow'],
    [200, 'slow'],
  ])
}, 120_000)
