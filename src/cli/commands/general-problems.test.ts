import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { json, type RunningHttpServer, startHttpServer } from '../../admin/http-server.js'
import { runGatewayctl } from '../run-gatewayctl.js'

/** A replica that does not lead, and that no proxy has chosen. */
const problem = { severity: 'warning', where: 'replica b', message: 'ask a', isGeneral: true }
const pending = { type: 'Programmed', status: 'False', reason: 'Pending', message: 'No proxy is connected yet.', observedGeneration: 1 }
const gateway = {
  shape: 'gateway',
  object: { group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'shop', name: 'web', generation: 1 },
  conditions: [pending],
  addresses: [],
  listeners: [],
  attachedListenerSets: 0,
}

let server: RunningHttpServer
beforeAll(async () => {
  const routes = new Map([['/leader/status', () => json({ objects: [gateway], listeners: [], problems: [problem] })]])
  server = await startHttpServer({ what: 'admin', host: '127.0.0.1', port: 0, flag: '', routes, onError: () => undefined })
})
afterAll(() => server.stop())

it.each([
  { words: ['status'], code: 0 },
  { words: ['status', 'gateway/shop/web'], code: 0 },
  { words: ['wait', 'gateway/shop/web', '--timeout=1ms'], code: 4 },
])('what bears on all is said whatever is asked for: $words', async ({ words, code }) => {
  const said: string[] = []
  const print = (text: string): void => void said.push(text)
  const environment = { HEADGATE_SERVER: `http://127.0.0.1:${server.port}` }
  const surroundings = { environment, out: print, error: print, isTerminal: false, now: Date.now, workingFolder: '/' }
  expect(await runGatewayctl(words, surroundings)).toBe(code)
  expect(said.join('')).toContain('replica b: ask a')
})
