/** A server of ours with a cache, on a free port of loopback. */

import { ServerCredentials } from '@grpc/grpc-js'
import type { DeliveryEvent } from '../../../src/xds/delivery.js'
import type { EncodedResource, ResourceChange } from '../../../src/xds/resource.js'
import { AdsServer, type AdsServerOptions } from '../../../src/xds/server/ads-server.js'
import { allowEveryone } from '../../../src/xds/server/authentication.js'
import { SnapshotCache } from '../../../src/xds/snapshot-cache.js'
import { eventually } from '../../support/eventually.js'
import { AdsClient, type ConnectOptions, type DeltaStream, type SotwStream } from './ads-client.js'
import { put } from './resources.js'

/** The group that all proxies of a fixture belong to. */
export const GROUP = 'test'

/** What a test works with. */
export interface Fixture extends AsyncDisposable {
  readonly cache: SnapshotCache
  readonly server: AdsServer
  readonly port: number
  readonly events: DeliveryEvent[]
  /** Resolves when the server has read the first request of so many streams. */
  connected(streams?: number): Promise<void>
  apply(...changes: readonly (ResourceChange | EncodedResource)[]): number
  client(options?: ConnectOptions): AdsClient
  delta(options?: ConnectOptions): DeltaStream
  sotw(options?: ConnectOptions): SotwStream
}

/** Starts a server whose cache is complete and holds these resources; a cache that is given is as complete as it is. */
export async function serve(
  resources: readonly EncodedResource[] = [],
  options: Partial<AdsServerOptions> & { readonly port?: number } = {},
): Promise<Fixture> {
  const cache = options.cache ?? new SnapshotCache()
  cache.apply(GROUP, resources.map(put))
  if (options.cache === undefined) cache.markComplete()
  const server = new AdsServer({ cache, authenticator: allowEveryone(GROUP), credentials: ServerCredentials.createInsecure(), ...options })
  const events: DeliveryEvent[] = []
  server.tracker.onDelivery((event) => events.push(event))
  const port = await server.listen('127.0.0.1', options.port ?? 0)
  const clients: AdsClient[] = []
  const client = (connect?: ConnectOptions) => {
    const made = new AdsClient(port, connect)
    clients.push(made)
    return made
  }
  return {
    cache,
    server,
    port,
    events,
    client,
    apply: (...changes) =>
      cache.apply(
        GROUP,
        changes.map((change) => ('value' in change ? put(change) : change)),
      ),
    connected: (streams = 1) =>
      eventually(() => {
        const connected = server.tracker.connectedProxies(GROUP)
        if (connected !== streams) throw new Error(`${connected} of ${streams} streams are connected`)
      }),
    delta: (connect) => client(connect).delta(),
    sotw: (connect) => client(connect).sotw(),
    async [Symbol.asyncDispose]() {
      for (const open of clients) open.close()
      await server.close()
    },
  }
}
