import { afterEach, describe, expect, it } from '@jest/globals'
import { startWebServer, type WebAnswer, type WebServer } from '../../test/support/web-server.js'
import type { FetchRules } from './destination.js'
import { fetchReason } from './fetch-error.js'
import { type GetOptions, get } from './get.js'

const LAPTOP: FetchRules = { allowsLoopback: true, hosts: undefined, plainHosts: [] }
const running: WebServer[] = []
afterEach(() => Promise.all(running.splice(0).map((server) => server.close())))

async function serve(answer: () => WebAnswer | undefined): Promise<WebServer> {
  const server = await startWebServer(answer)
  running.push(server)
  return server
}
const options = (more: Partial<GetOptions> = {}): GetOptions => ({
  rules: LAPTOP,
  authorities: undefined,
  maxBytes: 1000,
  timeoutMs: 20_000,
  signal: new AbortController().signal,
  ...more,
})
const failure = (url: string, more: Partial<GetOptions> = {}) => get(new URL(url), options(more)).then(() => 'no failure', fetchReason)

describe('a question', () => {
  it('is answered with a body of 200, and without any other', async () => {
    const server = await serve(() => ({ status: 200, headers: { etag: 'v1' }, body: 'good' }))
    const answer = await get(new URL(`http://${server.host}/x?y`), options({ headers: { accept: 'text/plain' } }))
    expect([answer.status, answer.header('etag'), answer.body.toString()]).toEqual([200, 'v1', 'good'])
    expect(server.questions).toEqual([{ path: '/x?y', headers: expect.objectContaining({ accept: 'text/plain', host: server.host }) }])
    const bad = await serve(() => ({ status: 500, body: 'the words of a server' }))
    expect((await get(new URL(`http://${bad.host}/`), options())).body).toHaveLength(0)
  })

  it.each([
    ['says its length', { 'content-length': '1001' }],
    ['does not say its length', { 'transfer-encoding': 'chunked' }],
  ])('gets no more than was wanted, where the answer %s', async (_, headers) => {
    const server = await serve(() => ({ status: 200, headers, body: Buffer.alloc(1001) }))
    expect(await failure(`http://${server.host}/`)).toBe('it is larger than 1000 bytes')
    expect((await get(new URL(`http://${server.host}/`), options({ maxBytes: 1001 }))).body).toHaveLength(1001)
  })

  it('waits so long and no longer, and no longer than anybody is interested', async () => {
    const server = await serve(() => undefined)
    expect(await failure(`http://${server.host}/`, { timeoutMs: 50 })).toBe('it did not answer in time')
    const interest = new AbortController()
    const asked = failure(`http://${server.host}/`, { signal: interest.signal })
    interest.abort()
    expect(await asked).toBe('it did not answer in time')
  })

  it('waits for the beginning of an answer no longer than it was told, and for the rest of it longer', async () => {
    const silent = await serve(() => undefined)
    expect(await failure(`http://${silent.host}/`, { beginMs: 50 })).toBe('it did not answer in time')
  })

  it('goes to no name that leads to where nobody is asked', async () => {
    const server = await serve(() => ({ status: 200 }))
    const cluster: FetchRules = { ...LAPTOP, allowsLoopback: false, plainHosts: ['localhost', '127.0.0.1'] }
    for (const host of ['localhost', '127.0.0.1']) {
      expect(await failure(`http://${host}:${server.port}/`, { rules: cluster })).toBe('it is at an address of this machine')
    }
    expect(server.questions).toEqual([])
  })

  it('says what is wrong, and not what a server says', async () => {
    const server = await serve(() => ({ status: 200 }))
    await server.close()
    running.pop()
    expect(await failure(`http://${server.host}/`)).toBe('nobody listens there')
    expect(fetchReason(Object.assign(new Error('secret'), { code: 'ENOTFOUND' }))).toBe('its name is not known')
    expect(fetchReason(new Error('secret'))).toBe('something went wrong')
  })
})
