/** Clients that are slow, broken or ill-meaning: each hurts itself alone. */

import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { encode } from '../../src/xds/message.js'
import { TYPE_URL } from '../../src/xds/resource.js'
import type { ServerLog } from '../../src/xds/server/stream-context.js'
import { eventually } from '../support/eventually.js'
import { patience } from '../support/patience.js'
import { AdsClient } from './support/ads-client.js'
import { cableTo } from './support/cable.js'
import { type Fixture, GROUP, serve } from './support/fixture.js'
import { cluster, endpoints, put, resource } from './support/resources.js'

const CDS = TYPE_URL.cluster
const EDS = TYPE_URL.clusterLoadAssignment
const PATH = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A log that remembers its warnings. */
function remembering(): ServerLog & { readonly warnings: string[] } {
  const warnings: string[] = []
  return { warnings, info: () => {}, warn: (_fields, message) => warnings.push(message) }
}

/** A good client of the same server is served within a second. */
async function expectServes(fixture: Fixture): Promise<void> {
  const stream = fixture.delta({ node: { id: 'good' } })
  stream.send(EDS, { subscribe: ['ok'] })
  const began = performance.now()
  expect((await stream.accept()).resources.map(({ name }) => name)).toEqual(['ok'])
  expect(performance.now() - began).toBeLessThan(patience(1_000))
  stream.cancel()
}

function rawSocket(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  closers.push(() => socket.destroy())
  return socket
}

function http2(port: number): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  closers.push(() => session.destroy())
  return session
}

/** Opens a gRPC stream by hand and sends these bytes as its body. */
function rawStream(session: ClientHttp2Session, body: Buffer, path: string = PATH): Promise<string> {
  return new Promise((resolve) => {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })
    let code = 'none'
    stream.on('response', (headers) => {
      code = String(headers['grpc-status'] ?? code)
    })
    stream.on('trailers', (headers) => {
      code = String(headers['grpc-status'] ?? code)
    })
    stream.on('error', () => {})
    stream.on('close', () => resolve(code))
    stream.resume()
    stream.end(body)
  })
}

const frame = (message: Buffer, claimed: number = message.length): Buffer => {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(claimed, 1)
  return Buffer.concat([head, message])
}

const request = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { node: { id: 'x', cluster: 'test' }, typeUrl: CDS })

describe('clients that refuse what others can do with', () => {
  it('do so for their own group, also where they do not say which image they are', async () => {
    const groups = [GROUP, 'theirs']
    const authenticator = { authenticate: async () => ({ subject: 'anybody', groups }) }
    await using fixture = await serve([cluster('shared')], { authenticator, areFleetsApart: true })
    fixture.cache.apply('theirs', [put(cluster('shared'))])
    const refusing = fixture.delta({ node: { cluster: 'theirs' } })
    refusing.send(CDS)
    const { nonce } = await refusing.next()
    refusing.send(CDS, { nonce, error: 'no such thing' })
    await eventually(() => expect(fixture.server.rejected.list().map(({ by }) => by)).toEqual([{ group: 'theirs', image: '' }]))
    const good = fixture.delta({ node: { cluster: GROUP } })
    good.send(CDS)
    expect((await good.accept()).resources.map(({ name }) => name)).toEqual(['shared'])
  })
})

describe('broken clients', () => {
  it('bytes that are no request end their own stream with a message', async () => {
    const log = remembering()
    await using fixture = await serve([endpoints('ok')], { log })
    const stream = fixture.delta()
    stream.sendBytes(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3]))
    expect(await stream.failure()).toMatchObject({ code: status.INVALID_ARGUMENT })
    expect(log.warnings).toEqual([expect.stringContaining('request cannot be decoded')])
    await expectServes(fixture)
  })

  it('random bytes as requests never end anything but their stream', async () => {
    await using fixture = await serve([endpoints('ok')])
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const stream = fixture.delta()
        stream.send(CDS)
        await stream.next()
        stream.sendBytes(Buffer.from(bytes))
        stream.cancel()
      }),
      { numRuns: 50 },
    )
    await expectServes(fixture)
  })

  it('random bytes instead of HTTP/2', async () => {
    await using fixture = await serve([endpoints('ok')])
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
        const socket = rawSocket(fixture.port)
        await new Promise((resolve) => socket.write(bytes, resolve))
        socket.destroy()
      }),
      { numRuns: 50 },
    )
    await expectServes(fixture)
  })

  it('gRPC frames that are cut anywhere', async () => {
    await using fixture = await serve([endpoints('ok')])
    const whole = frame(request)
    const session = http2(fixture.port)
    for (let length = 0; length <= whole.length; length += 3) await rawStream(session, whole.subarray(0, length))
    await eventually(() => expect(fixture.server.streams).toBe(0))
    await expectServes(fixture)
  })

  it('a message that claims a gigabyte is refused by its length, not by its end', async () => {
    await using fixture = await serve([endpoints('ok')])
    expect(await rawStream(http2(fixture.port), frame(request, 1024 ** 3))).toBe(String(status.RESOURCE_EXHAUSTED))
    await expectServes(fixture)
  })

  it('a client that opens a stream and says nothing is sent away', async () => {
    await using fixture = await serve([endpoints('ok')], { limits: { firstRequestMs: 50 } })
    const stream = fixture.delta()
    expect(await stream.failure()).toMatchObject({ code: status.DEADLINE_EXCEEDED })
  })
})

describe('requests that never end', () => {
  /** A stream whose last frame lacks its last byte, and stays open. */
  function unfinished(port: number, ...frames: readonly Buffer[]): Promise<string> {
    return new Promise((resolve) => {
      const stream = http2(port).request({ ':method': 'POST', ':path': PATH, 'content-type': 'application/grpc', te: 'trailers' })
      const note = (headers: Readonly<Record<string, unknown>>): void => {
        if (headers['grpc-status'] !== undefined) resolve(String(headers['grpc-status']))
      }
      stream.on('response', note)
      stream.on('trailers', note)
      stream.on('error', () => {})
      stream.resume()
      stream.write(Buffer.concat(frames).subarray(0, -1))
    })
  }

  it('a first one is not waited for longer than others', async () => {
    await using fixture = await serve([endpoints('ok')], { limits: { firstRequestMs: 50 } })
    expect(await unfinished(fixture.port, frame(request))).toBe(String(status.DEADLINE_EXCEEDED))
    await eventually(() => expect(fixture.server.streams).toBe(0))
  })

  it('a later one holds its own stream up and no other', async () => {
    await using fixture = await serve([endpoints('ok'), cluster('a')])
    const first = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { node: { id: 'unfinished' }, typeUrl: CDS })
    const large = frame(Buffer.alloc(8 * 1024 * 1024))
    const hung = Array.from({ length: 10 }, () => unfinished(fixture.port, frame(first), large))
    await eventually(() => expect(fixture.server.tracker.connectedProxies(GROUP)).toBe(hung.length))
    await expectServes(fixture)
    fixture.apply(endpoints('ok', 81))
    await expectServes(fixture)
    expect(fixture.server.streams).toBeGreaterThanOrEqual(hung.length)
  })
})

describe('clients that keep others from beginning', () => {
  const LIMITS = { beginningStreams: 2, beginningMs: 50 }

  it('by saying nothing', async () => {
    await using fixture = await serve([endpoints('ok')], { limits: LIMITS })
    for (let silent = 0; silent < 2 * LIMITS.beginningStreams; silent++) fixture.delta()
    await eventually(() => expect(fixture.server.streams).toBe(2 * LIMITS.beginningStreams))
    await expectServes(fixture)
  })

  it('by answering nothing', async () => {
    await using fixture = await serve([endpoints('ok'), cluster('a')], { limits: LIMITS })
    const rude = Array.from({ length: 2 * LIMITS.beginningStreams }, () => fixture.delta())
    for (const stream of rude) stream.send(CDS)
    for (const stream of rude) await stream.next()
    await expectServes(fixture)
  })
})

describe('greedy clients', () => {
  it('A4 row 10: a request of 60 MiB is understood', async () => {
    await using fixture = await serve([cluster('a')])
    const initialVersions: Record<string, string> = {}
    for (let index = 0; index < 60; index++) initialVersions[`${index}-${'x'.repeat(1024 * 1024)}`] = '1'
    const stream = fixture.delta()
    stream.send(CDS, { initialVersions })
    expect((await stream.accept()).removed).toHaveLength(60)
  }, 30_000)

  it.each([
    { how: 'in one request', requests: 1, names: 1_000_000, warning: 'more than 250000 names in a request' },
    { how: 'one request after the other', requests: 30, names: 10_000, warning: 'more than 250000 names subscribed' },
  ])(
    'subscriptions to too many names end the stream, with a clear line in the log: $how',
    async ({ requests, names, warning }) => {
      const log = remembering()
      await using fixture = await serve([endpoints('ok')], { log })
      const stream = fixture.delta()
      for (let round = 0; round < requests; round++)
        stream.send(EDS, { subscribe: Array.from({ length: names }, (_, index) => `n${round}-${index}`) })
      expect(await stream.failure()).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
      expect(log.warnings).toEqual([warning])
      await expectServes(fixture)
    },
    30_000,
  )

  const MANY = 100_000
  const numbers = Array.from({ length: MANY }, (_, index) => index)

  it.each([
    { what: 'the wildcard, taken back', fields: { unsubscribe: numbers.map(() => '*') } },
    {
      what: 'collections, asked for',
      fields: { subscribe: numbers.map((index) => `xdstp://test/cluster/${index}/*`) },
    },
    { what: 'collections, taken back', fields: { unsubscribe: numbers.map((index) => `xdstp://test/cluster/${index}/*`) } },
  ])('a hundred thousand times $what: others are served meanwhile', async ({ fields }) => {
    await using fixture = await serve([endpoints('ok'), cluster('a'), ...numbers.slice(0, 1_000).map((index) => endpoints(`n${index}`))])
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: numbers.map((index) => `n${index}`) })
    stream.send(EDS, fields)
    stream.send(CDS)
    while ((await stream.accept()).typeUrl !== CDS);
    await expectServes(fixture)
  })

  it('more streams from one peer than allowed are refused, and those that are open go on', async () => {
    await using fixture = await serve([endpoints('ok')], { limits: { maxStreamsPerPeer: 50 } })
    const client = fixture.client()
    const streams = Array.from({ length: 50 }, () => client.delta())
    for (const stream of streams) stream.send(EDS, { subscribe: ['ok'] })
    for (const stream of streams) await stream.accept()
    const refused = fixture.delta()
    refused.send(EDS, { subscribe: ['ok'] })
    expect(await refused.failure()).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    fixture.apply(endpoints('ok', 81))
    for (const stream of streams) expect((await stream.accept()).resources).toHaveLength(1)
    for (const stream of streams) stream.cancel()
    await eventually(() => expect(fixture.server.streams).toBe(0))
    await expectServes(fixture)
  })

  it('more connections from one peer than allowed are ended, and those that are open go on', async () => {
    await using fixture = await serve([endpoints('ok')], { limits: { maxConnectionsPerPeer: 20 } })
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: ['ok'] })
    await stream.accept()
    const sockets = Array.from({ length: 100 }, () => rawSocket(fixture.port))
    await eventually(() => expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(100 - 19))
    fixture.apply(endpoints('ok', 81))
    expect((await stream.accept()).resources).toHaveLength(1)
    for (const socket of sockets) socket.destroy()
    await eventually(() => expectServes(fixture))
  })

  it('connections that nobody opens a stream on are ended, and others go on', async () => {
    await using fixture = await serve([endpoints('ok')], { limits: { unusedConnectionMs: 200 } })
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: ['ok'] })
    await stream.accept()
    const session = http2(fixture.port)
    await eventually(() => expect(session.closed).toBe(true))
    fixture.apply(endpoints('ok', 81))
    expect((await stream.accept()).resources).toHaveLength(1)
  })

  it('a client whose machine is gone, and closes nothing, counts as gone when it answers no ping; one that only has nothing to say stays', async () => {
    await using fixture = await serve([endpoints('ok')], { limits: { pingMs: 200, pingAnswerMs: 500 } })
    const stream = fixture.delta()
    stream.send(EDS, { subscribe: ['ok'] })
    await stream.accept()
    await using cable = await cableTo(fixture.port)
    const distant = new AdsClient(cable.port)
    closers.push(() => distant.close())
    const quiet = distant.delta()
    quiet.send(EDS, { subscribe: ['ok'] })
    await quiet.accept()
    await sleep(1_500)
    expect(fixture.server.streams).toBe(2)
    cable.cut()
    await eventually(() => expect(fixture.server.streams).toBe(1))
    fixture.apply(endpoints('ok', 81))
    expect((await stream.accept()).resources).toHaveLength(1)
  })

  it('10,000 streams from one peer: those over the limit are refused, the others are served', async () => {
    await using fixture = await serve([endpoints('ok')], { limits: { maxStreamsPerPeer: 100 } })
    const sessions = Array.from({ length: 10 }, () => http2(fixture.port))
    const answers: Promise<string>[] = []
    for (let index = 0; index < 10_000; index++) {
      const session = sessions[index % sessions.length]
      if (session !== undefined) answers.push(rawStream(session, frame(request)))
      if (index % 500 === 0) await new Promise(setImmediate)
    }
    // Of the same address: it is refused as well until there is room, and comes again.
    await eventually(() => expectServes(fixture), 20_000)
    expect(await Promise.all(answers)).toEqual(expect.arrayContaining([String(status.OK), String(status.RESOURCE_EXHAUSTED)]))
    await eventually(() => expect(fixture.server.streams).toBe(0))
  }, 60_000)

  it('a client that asks again and again without reading gets one response at a time', async () => {
    const large = resource(CDS, 'large', Buffer.alloc(1024 * 1024))
    await using fixture = await serve([large])
    const stream = fixture.delta()
    stream.stall()
    for (let round = 0; round < 200; round++) stream.send(CDS, { subscribe: ['large'] })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(fixture.server.counters.responses.get(CDS) ?? 0).toBeLessThan(20)
  })
})

describe('slow clients', () => {
  it('a stalled client delays no other, costs no memory, and gets only the newest in the end', async () => {
    const versions = 300
    const size = 256 * 1024
    const load = (content: number) => resource(EDS, 'big', Buffer.alloc(size, content % 256))
    await using fixture = await serve([load(0), endpoints('ok')])
    const stalled = fixture.delta({ node: { id: 'stalled' } })
    stalled.send(EDS, { subscribe: ['big'] })
    await stalled.accept()
    stalled.stall()
    const good = fixture.delta({ node: { id: 'good' } })
    good.send(EDS, { subscribe: ['ok'] })
    await good.accept()
    for (let content = 1; content <= versions; content++) {
      fixture.apply(load(content), endpoints('ok', content))
      expect((await good.accept()).resources).toHaveLength(1)
    }
    // Without a bound, 300 versions of 256 KiB would have been handed to the socket.
    const sent = fixture.server.counters.bytes.get(EDS) ?? 0
    expect(sent).toBeLessThan(40 * size)
    stalled.resume()
    let last = await stalled.accept()
    while (last.resources[0]?.version !== load(versions).version) last = await stalled.accept()
    expect(await stalled.quiet()).toEqual([])
    expect(fixture.server.tracker.connectedProxies(GROUP)).toBe(2)
  }, 30_000)
})
