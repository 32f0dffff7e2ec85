/**
 * One process of the ADS benchmark: many delta streams, each over a TLS connection of its own. Started by scripts/tasks/bench-ads.ts,
 * which talks to it by messages. Responses are not decoded, only their type and nonce are read, so that the clients cost little.
 */
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js'
import { encode } from '../../src/xds/message.js'
import { TYPE_URL } from '../../src/xds/resource.js'
import { ADS_SERVICE } from '../../src/xds/server/ads-service.js'
import { benchResources, subscribedEndpoints, WILDCARD_TYPES } from './ads-bench-resources.js'

/** What the parent tells. */
export type ToClient =
  | {
      readonly kind: 'connect'
      readonly streams: number
      readonly port: number
      readonly ca: string
      readonly certificate: string
      readonly privateKey: string
      readonly resources: number
      readonly brings: boolean
    }
  | { readonly kind: 'mark' }
  | { readonly kind: 'disconnect' }

/** What the child tells: how many responses of load assignments came since the last mark, and when the last of each stream did. */
export type FromClient = { readonly kind: 'ready' } | { readonly kind: 'changed'; readonly at: readonly number[] }

const MIB = 1024 * 1024
let clients: Client[] = []
let marked = 0
let arrived: number[] = []

process.on('message', (message: ToClient) => {
  if (message.kind === 'connect') connect(message)
  else if (message.kind === 'mark') {
    marked = clients.length
    arrived = []
  } else {
    for (const client of clients) client.close()
    clients = []
    marked = 0
  }
})

// The server was ended.
process.on('disconnect', () => process.exit())

function connect({ streams, port, ca, certificate, privateKey, resources, brings }: Extract<ToClient, { kind: 'connect' }>): void {
  const tls = credentials.createSsl(Buffer.from(ca), Buffer.from(privateKey), Buffer.from(certificate))
  const all = benchResources(resources)
  const versions = (typeUrl: string) =>
    brings ? Object.fromEntries(all.flatMap((one) => (one.typeUrl === typeUrl ? [[one.name, one.version]] : []))) : {}
  const { path, requestSerialize, responseDeserialize } = ADS_SERVICE.DeltaAggregatedResources ?? unknownMethod()
  const first = WILDCARD_TYPES.map((typeUrl, index) =>
    encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
      ...(index === 0 ? { node: { id: `bench-${process.pid}`, cluster: 'bench' } } : {}),
      typeUrl,
      initialResourceVersions: versions(typeUrl),
    }),
  )
  const endpoints = encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
    typeUrl: TYPE_URL.clusterLoadAssignment,
    resourceNamesSubscribe: [...subscribedEndpoints()],
  })
  for (let index = 0; index < streams; index++) {
    const client = new Client(`127.0.0.1:${port}`, tls, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': 64 * MIB,
    })
    clients.push(client)
    const stream: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
    stream.on('error', () => {})
    stream.on('data', (bytes: Buffer) => {
      const { typeUrl, nonce } = tail(bytes)
      stream.write(encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', { typeUrl, responseNonce: nonce }))
      if (typeUrl !== TYPE_URL.clusterLoadAssignment || marked === 0) return
      arrived.push(performance.timeOrigin + performance.now())
      if (arrived.length === marked) tell({ kind: 'changed', at: arrived })
    })
    for (const request of first) stream.write(request)
    stream.write(endpoints)
  }
  tell({ kind: 'ready' })
}

/** Type and nonce, which our server writes after the resources: fields 4 and 5 on the first level. */
function tail(bytes: Buffer): { typeUrl: string; nonce: string } {
  let typeUrl = ''
  let nonce = ''
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const field = varint() >> 3
    const length = varint()
    if (field === 4) typeUrl = bytes.toString('latin1', at, at + length)
    if (field === 5) nonce = bytes.toString('latin1', at, at + length)
    at += length
  }
  return { typeUrl, nonce }
}

function tell(message: FromClient): void {
  process.send?.(message)
}

function unknownMethod(): never {
  throw new Error('the service has no delta method')
}
