/** Commands that show what each of several replicas knows. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { json, type RunningHttpServer, startHttpServer } from '../../admin/http-server.js'
import { runGatewayctl } from '../run-gatewayctl.js'

const proxy = { stream: 1, userAgent: 'envoy/1.40.0', subject: '', peer: '10.0.0.1:5', protocol: 'delta', types: [] }
const connected = (node: string, group: string, replica: string) => ({
  ...{ ...proxy, node, group, replica },
  ...{ connectedAt: '2026-01-01T00:00:00Z', acknowledgedRevision: 7 },
})
const revision = (seconds: number, group: string, replica: string, by: readonly string[]) => ({
  ...{ group, replica, revision: seconds, at: `2026-01-01T00:00:0${seconds}.000Z`, changes: [], totalChanges: 0 },
  ...{ causes: [], acknowledged: by.map((name) => ({ proxy: name, at: `2026-01-01T00:00:0${seconds}.100Z` })) },
})

let server: RunningHttpServer
let silent: readonly unknown[] = []
beforeAll(async () => {
  const found = [connected('pod-1', 'shop/web', 'a'), connected('pod-2', 'blog/web', 'b')]
  const revisions = [
    revision(1, 'shop/web', 'a', ['pod-1']),
    revision(3, 'shop/web', 'a', []),
    revision(4, 'none/web', 'a', []),
    revision(1, 'shop/web', 'b', []),
    revision(2, 'blog/web', 'b', ['pod-2']),
    revision(3, 'shop/web', 'b', []),
  ]
  const routes = new Map([
    ['/replicas/proxies', () => json({ found, silent })],
    ['/replicas/history', (query: URLSearchParams) => (query.get('limit') === '20' ? json({ found: revisions, silent }) : json({}))],
  ])
  server = await startHttpServer({ what: 'admin', host: '127.0.0.1', port: 0, flag: '', routes, onError: () => undefined })
})
afterAll(() => server.stop())

async function run(...words: readonly string[]) {
  const [out, error]: [string[], string[]] = [[], []]
  const environment = { HEADGATE_SERVER: `http://127.0.0.1:${server.port}` }
  const now = (): number => Date.parse('2026-01-01T00:01:00Z')
  const print = { out: (text: string) => void out.push(text), error: (text: string) => void error.push(text) }
  const code = await runGatewayctl(words, { environment, ...print, isTerminal: false, now, workingFolder: '/' })
  return { code, out: out.join(''), error: error.join('') }
}

it('gatewayctl proxies shows those of all replicas', async () => {
  silent = []
  expect(await run('proxies')).toEqual({
    code: 0,
    out: [
      'PROXY  GROUP     REPLICA  ENVOY   PROTOCOL  CONNECTED  REVISION  STATE',
      'pod-2  blog/web  b        1.40.0  delta     1m         7         in sync',
      'pod-1  shop/web  a        1.40.0  delta     1m         7         in sync',
      '',
    ].join('\n'),
    error: '',
  })
})

it('gatewayctl history shows a revision where its proxies are, by time, and one that has none anywhere', async () => {
  silent = []
  const { code, out } = await run('history')
  expect(code).toBe(0)
  expect(out.split('\n').map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
    'TIME GROUP REPLICA REVISION TRANSLATED CHANGED ACKNOWLEDGED CAUSE',
    '00:00:01.000 shop/web a 1 by 1 after 100 ms',
    '00:00:02.000 blog/web b 2 by 1 after 100 ms',
    '00:00:03.000 shop/web a 3 by nobody yet',
    '00:00:04.000 none/web a 4 by nobody yet',
    '',
  ])
})

it.each(['proxies', 'history'])('gatewayctl %s says which replica does not answer, and ends with 3', async (command) => {
  silent = [{ address: '10.0.0.9:18000', problem: '14 UNAVAILABLE: refused' }]
  for (const format of ['table', 'json']) {
    const { code, out, error } = await run(command, '-o', format)
    expect([code, error]).toEqual([3, 'The replica at 10.0.0.9:18000 does not answer, and is not shown: 14 UNAVAILABLE: refused\n'])
    if (format === 'json') expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ replica: 'a', group: 'shop/web' }))
  }
})
