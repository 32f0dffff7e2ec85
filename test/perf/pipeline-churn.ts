/**
 * A whole control plane whose objects come, change and go while proxies take everything over, reject a route table now and then, and come
 * anew: what a soak watches. The proxies are clients of our own, in this process.
 */
import { ServerCredentials } from '@grpc/grpc-js'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import { PodPlacements } from '../../src/infra/kubernetes/pod-placements.js'
import { createControlPlane } from '../../src/pipeline/control-plane.js'
import type { Change } from '../../src/provider/provider.js'
import { objectKey } from '../../src/util/object-ref.js'
import { MAX_REJECTED_VERSIONS, type RejectedVersions } from '../../src/xds/rejected-versions.js'
import { TYPE_URL } from '../../src/xds/resource.js'
import { allowEveryone } from '../../src/xds/server/authentication.js'
import { createAuthority } from '../support/certificates.js'
import { AdsClient, type DeltaStream } from '../xds/support/ads-client.js'
import { certificateObject, change, endpointsObject, gatewayObjects, routeObject, serviceObject } from './objects.js'

const GROUP = 'bench/gw'
const ROUTES = 200
const PROXIES = 3
/** Of so many responses with a route table one is rejected. */
const REJECT_EVERY = 40

/** What happened so far. */
export interface ChurnCounts {
  changes: number
  connections: number
  rejections: number
}

/** A control plane under churn. */
export interface PipelineChurn {
  readonly counts: Readonly<ChurnCounts>
  /** Makes the next change. */
  change(round: number): void
  /** Replaces a proxy by a new one. */
  reconnect(round: number): void
  /** Objects that are held back now. */
  held(): number
  stop(): Promise<void>
}

/** Starts it. */
export async function startPipelineChurn(): Promise<PipelineChurn> {
  const counts: ChurnCounts = { changes: 0, connections: 0, rejections: 0 }
  const authority = await createAuthority()
  const pairs = [
    await authority.issue({ dns: ['*.secure.example.com'] }),
    await authority.issue({ dns: ['*.secure.example.com'] }),
  ] as const
  const { pipeline, server, translation } = createControlPlane({
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new PodPlacements(),
    authenticator: allowEveryone(GROUP),
    credentials: ServerCredentials.createInsecure(),
  })
  fillRejected(server.rejected)
  const port = await server.listen('127.0.0.1', 0)
  pipeline.changes([...gatewayObjects(pairs[0]).map(change), ...Array.from({ length: ROUTES }, (_, index) => served(index, 1)).flat()])
  pipeline.complete()
  await pipeline.idle()
  const proxies = new Map<number, AdsClient>()
  const connect = (index: number): void => {
    proxies.get(index)?.close()
    const client = new AdsClient(port, { node: { id: `proxy-${index}` } })
    proxies.set(index, client)
    counts.connections += 1
    const stream = client.delta()
    for (const typeUrl of Object.values(TYPE_URL)) stream.send(typeUrl, { subscribe: ['*'] })
    void answer(stream, index, counts)
  }
  for (let index = 0; index < PROXIES; index++) connect(index)
  return {
    counts,
    change: (round) => {
      const index = (round * 7919) % ROUTES
      const generation = round + 2
      if (round % 50 === 0) pipeline.changes([change(certificateObject(pairs[(round / 50) % 2] ?? pairs[0], generation))])
      else if (round % 11 === 0) pipeline.changes(gone(index))
      else if (round % 3 === 0) pipeline.changes([change(endpointsObject(index, generation))])
      else pipeline.changes(served(index, generation))
      counts.changes += 1
    },
    reconnect: (round) => connect(round % PROXIES),
    held: () => translation.inputs.quarantines.size,
    stop: async () => {
      for (const client of proxies.values()) client.close()
      await server.close()
    },
  }
}

/** Fills a list of rejected versions to its bound, so that it does not grow while somebody watches the heap. */
export function fillRejected(rejected: RejectedVersions): void {
  for (let index = 0; index < MAX_REJECTED_VERSIONS; index++) {
    const filler = { group: '', kind: 'Service', namespace: 'bench', name: `filler-${index}`, generation: 0 }
    const at = new Date(index).toISOString()
    rejected.add({ typeUrl: TYPE_URL.cluster, name: filler.name, version: at, message: `no: ${at}`, origins: [], suspects: [filler], at })
  }
}

function served(index: number, generation: number): readonly Change[] {
  return [routeObject(index, generation), serviceObject(index), endpointsObject(index)].map(change)
}

function gone(index: number): readonly Change[] {
  return [
    { kind: 'HTTPRoute', key: objectKey('bench', `route-${index}`), object: undefined },
    { kind: 'Service', key: objectKey('bench', `service-${index}`), object: undefined },
    { kind: 'EndpointSlice', key: objectKey('bench', `service-${index}-x`), object: undefined },
  ]
}

/** Takes over what comes; now and then it finds fault with a route table, as Envoy would. */
async function answer(stream: DeltaStream, index: number, counts: ChurnCounts): Promise<void> {
  try {
    for (let tables = index; ; ) {
      const { typeUrl, nonce } = await stream.next()
      const isBad = typeUrl === TYPE_URL.routeConfiguration && tables++ % REJECT_EVERY === REJECT_EVERY - 1
      if (isBad) counts.rejections += 1
      const error = `Only unique values for domains are permitted. Duplicate entry of domain host-${(tables * 31) % ROUTES}.example.com`
      stream.send(typeUrl, { nonce, ...(isBad ? { error } : {}) })
    }
  } catch {
    // The stream was closed, or nothing came for a while: its successor goes on.
  }
}
