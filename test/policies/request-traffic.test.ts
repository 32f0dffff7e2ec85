/** BackendTrafficPolicy: what happens to requests and answers on their way. */

import { request } from 'node:http'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { route, to } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { ABOUT_GATEWAY, GOOD, onRoute, policy, routeTo, said, spread } from './backend-traffic.js'
import { policyField } from './coverage/policy-field.js'
import { askProxy } from './proxy.js'

const world = featureWorld(['a'])

async function treated(settings: string): Promise<void> {
  await world.write(routeTo('a'), onRoute(settings))
  expect(said(world)).toEqual(GOOD)
}

/** An answer with the bytes of its body as they came, and its trailers. */
function raw(path: string, headers: Record<string, string> = {}, body: Buffer = Buffer.alloc(0)) {
  const { address, port } = world.headgate.place('default/gw', 80)
  return new Promise<{
    readonly status: number
    readonly headers: Record<string, unknown>
    readonly body: Buffer
    readonly trailers: Record<string, unknown>
  }>((resolve, reject) => {
    const sent = request(
      {
        host: address,
        port,
        path,
        method: body.length > 0 ? 'POST' : 'GET',
        headers: { host: 'example.com', te: 'trailers', ...headers },
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
            trailers: response.trailers,
          }),
        )
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

describe('faultInjection', () => {
  policyField(['BackendTrafficPolicy faultInjection.delay.fixedDelay'], 'a request waits', async () => {
    await treated('faultInjection: {delay: {fixedDelay: 700ms}}')
    const began = performance.now()
    expect(await world.answerer()).toBe('a')
    expect(performance.now() - began).toBeGreaterThan(650)
  })

  policyField(
    [
      'BackendTrafficPolicy faultInjection.abort.{httpStatus,percentage.numerator,percentage.denominator}',
      'BackendTrafficPolicy faultInjection.delay.percentage',
    ],
    'a share of the requests fails',
    async () => {
      await treated('faultInjection: {abort: {httpStatus: 418}}')
      expect(await spread(world, 10)).toEqual({ 418: 10 })
      await treated('faultInjection: {abort: {httpStatus: 418, percentage: {numerator: 1, denominator: 2}}}')
      const half = await spread(world, 100)
      expect(half[418]).toBeGreaterThan(10)
      expect(half.a).toBeGreaterThan(10)
      await treated('faultInjection: {delay: {fixedDelay: 1h, percentage: {numerator: 0}}}')
      expect(await spread(world, 10)).toEqual({ a: 10 })
    },
  )

  policyField(['BackendTrafficPolicy faultInjection.abort.grpcStatus'], 'a call fails', async () => {
    const about = 'targetRefs: [{group: gateway.networking.k8s.io, kind: GRPCRoute, name: g}]'
    await world.write(route('GRPCRoute', 'g', `[{${to('a')}}]`), policy(`${about}, faultInjection: {abort: {grpcStatus: 8}}`))
    const client = world.headgate.http2('default/gw', 80)
    try {
      const answer = await client.send({
        host: 'example.com',
        path: '/x.Y/Z',
        method: 'POST',
        headers: { 'content-type': 'application/grpc', te: 'trailers' },
      })
      expect(answer.headers['grpc-status']).toBe('8')
    } finally {
      client.close()
    }
  })
})

describe('compression', () => {
  const algorithms = {
    Gzip: { token: 'gzip', decode: gunzipSync },
    Brotli: { token: 'br', decode: brotliDecompressSync },
    Zstd: { token: 'zstd', decode: zstdDecompressSync },
  } as const

  policyField(['BackendTrafficPolicy compression.{type,level}'], 'answers are compressed for who takes it', async () => {
    for (const [type, { token, decode }] of Object.entries(algorithms)) {
      for (const level of ['Fastest', 'Balanced', 'Smallest']) {
        await treated(`compression: [{type: ${type}, level: ${level}}]`)
        const answer = await raw('/?bytes=5000&type=text/plain', { 'accept-encoding': token })
        expect(answer.headers['content-encoding']).toBe(token)
        expect(answer.body.length).toBeLessThan(1000)
        expect(decode(answer.body).toString()).toBe('x'.repeat(5000))
      }
      expect((await raw('/?bytes=5000&type=text/plain')).body.length).toBe(5000)
    }
  })

  policyField(['BackendTrafficPolicy compression.{minContentLength,contentTypes}'], 'not what is small or of another type', async () => {
    await treated('compression: [{type: Gzip, minContentLength: 4Ki, contentTypes: [text/plain]}]')
    const encoding = async (query: string): Promise<unknown> =>
      (await raw(`/?${query}`, { 'accept-encoding': 'gzip' })).headers['content-encoding']
    expect(await encoding('bytes=5000&type=text/plain')).toBe('gzip')
    expect(await encoding('bytes=4000&type=text/plain')).toBeUndefined()
    expect(await encoding('bytes=5000&type=text/html')).toBeUndefined()
  })

  it('the client chooses, and of equal ways the first', async () => {
    await treated('compression: [{type: Zstd}, {type: Gzip}, {type: Brotli}]')
    const encoding = async (accepted: string): Promise<unknown> =>
      (await raw('/?bytes=5000&type=text/plain', { 'accept-encoding': accepted })).headers['content-encoding']
    expect(await encoding('gzip;q=1, br;q=0.5')).toBe('gzip')
    expect(await encoding('gzip, br, zstd')).toBe('zstd')
    expect(await encoding('identity')).toBeUndefined()
  })

  policyField(['BackendTrafficPolicy decompression.{type,requests,responses}'], 'bodies are decompressed', async () => {
    await treated('decompression: [{type: Gzip, responses: true}, {type: Brotli}, {type: Zstd}]')
    const text = 'hello '.repeat(100)
    for (const [token, body] of [
      ['gzip', gzipSync(text)],
      ['br', brotliCompressSync(text)],
    ] as const) {
      const answer = await raw('/', { 'content-encoding': token }, body)
      expect(JSON.parse(answer.body.toString())).toMatchObject({ body: text })
    }
    await treated('decompression: [{type: Gzip, requests: false, responses: true}]')
    expect(JSON.parse((await raw('/', { 'content-encoding': 'gzip' }, gzipSync(text))).body.toString())).not.toMatchObject({ body: text })
    expect(world.backend('a').requests.at(-1)?.headers['accept-encoding']).toContain('gzip')
  })
})

describe('bandwidthLimit', () => {
  policyField(['BackendTrafficPolicy bandwidthLimit.request.limit.{value,unit}'], 'bodies of requests wait', async () => {
    await treated('bandwidthLimit: {request: {limit: {value: 8Ki, unit: Second}}}')
    const began = performance.now()
    expect((await raw('/', {}, Buffer.alloc(24 * 1024, 'x'))).status).toBe(200)
    expect(performance.now() - began).toBeGreaterThan(1_000)
  })

  policyField(
    ['BackendTrafficPolicy bandwidthLimit.response.{limit.value,limit.unit,responseTrailers.prefix}'],
    'bodies of answers wait, and say how long',
    async () => {
      await treated('bandwidthLimit: {response: {limit: {value: 480Ki, unit: Minute}, responseTrailers: {prefix: X-Slow}}}')
      const client = world.headgate.http2('default/gw', 80)
      const began = performance.now()
      try {
        const trailers = await new Promise<Record<string, unknown>>((resolve, reject) => {
          const stream = client.session.request({ ':path': '/?bytes=24576', ':authority': 'example.com' })
          let found: Record<string, unknown> = {}
          stream.on('trailers', (each) => {
            found = each
          })
          stream.on('end', () => resolve(found))
          stream.on('error', reject)
          stream.resume()
        })
        expect(performance.now() - began).toBeGreaterThan(1_000)
        expect(Object.keys(trailers)).toContain('x-slow-bandwidth-response-delay-ms')
      } finally {
        client.close()
      }
    },
  )
})

policyField(
  ['BackendTrafficPolicy requestBuffer.limit'],
  'requests are complete before the backend sees them, and not too large',
  async () => {
    await treated('requestBuffer: {limit: 1Ki}')
    expect((await raw('/', {}, Buffer.alloc(1000, 'x'))).status).toBe(200)
    expect((await raw('/', {}, Buffer.alloc(1100, 'x'))).status).toBe(413)
  },
)

policyField(['BackendTrafficPolicy telemetry.metrics.routeStatName'], 'requests are counted by a name', async () => {
  await treated('telemetry: {metrics: {routeStatName: checkout}}')
  expect(await world.answerer()).toBe('a')
  expect(await askProxy(world, '/config_dump')).toContain('"stat_prefix": "checkout"')
})

describe('admissionControl', () => {
  policyField(
    [
      'BackendTrafficPolicy admissionControl.{samplingWindow,minSuccessRate,rejectionAggression,maxRejectionPercent,minRequestRate}',
      'BackendTrafficPolicy admissionControl.successCriteria.http.statusCodes',
    ],
    'a failing backend gets less',
    async () => {
      const control = (more: string) =>
        treated(
          `retry: {numRetries: 0}, admissionControl: {samplingWindow: 60s, minSuccessRate: 100, rejectionAggression: 100, maxRejectionPercent: 100${more}}`,
        )
      await control('')
      await eventually(async () => {
        await spread(world, 20, { path: '/?status=500' })
        expect((await spread(world, 20))[503]).toBeGreaterThan(0)
      }, 20_000)
      await control(', successCriteria: {http: {statusCodes: [500]}}')
      await spread(world, 60, { path: '/?status=500' })
      expect(await spread(world, 10, { path: '/?status=500' })).toEqual({ a: 10 })
      await control(', minRequestRate: 100000')
      await spread(world, 60, { path: '/?status=500' })
      expect(await spread(world, 10)).toEqual({ a: 10 })
    },
  )

  policyField(
    ['BackendTrafficPolicy admissionControl.successCriteria.grpc.statusCodes'],
    'statuses of gRPC that are good are what Envoy runs with',
    async () => {
      await treated('admissionControl: {successCriteria: {grpc: {statusCodes: [0, 5]}}}')
      const dump = await askProxy(world, '/config_dump')
      expect(dump.replace(/\s+/g, '')).toContain('"grpc_success_status":[0,5]')
      expect(await world.answerer()).toBe('a')
    },
  )
})

it('what cannot be said of a backend or done at all is refused', async () => {
  const backend = 'targetRefs: [{group: headgate.dev, kind: Backend, name: a}]'
  await world.write(routeTo('a'), policy(`${backend}, faultInjection: {abort: {httpStatus: 500}}`))
  expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
  for (const settings of [
    'bandwidthLimit: {request: {limit: {value: "100", unit: Second}}}',
    'faultInjection: {abort: {httpStatus: 204}}',
    'requestBuffer: {limit: "0"}',
    'admissionControl: {samplingWindow: 500ms}',
    'faultInjection: {delay: {fixedDelay: 0s}}',
  ]) {
    await world.write(routeTo('a'), policy(`${ABOUT_GATEWAY}, ${settings}`))
    expect(said(world)).toEqual(['Accepted=False/UnsupportedValue'])
    expect(await world.answerer()).toBe('a')
  }
})
