/** Whoever poses as an Envoy of one Gateway and refuses every table of routes, over the real protocol: Envoys of another Gateway get every change of what both share. */
import { ServerCredentials } from '@grpc/grpc-js'
import { expect, it } from '@jest/globals'
import { change, endpointsObject, gatewayObjects, serviceObject } from '../../../test/perf/objects.js'
import { createAuthority } from '../../../test/support/certificates.js'
import { eventually } from '../../../test/support/eventually.js'
import { patience } from '../../../test/support/patience.js'
import { GATEWAYS, GROUPS, routeEverywhere } from '../../../test/support/rejecting-proxies.js'
import { AdsClient } from '../../../test/xds/support/ads-client.js'
import { CONTROLLER_NAME } from '../../gatewayapi/context.js'
import { PodPlacements } from '../../infra/kubernetes/pod-placements.js'
import { TYPE_URL, type TypeUrl } from '../../xds/resource.js'
import { createControlPlane } from '../control-plane.js'

const [REFUSING = '', OTHER = ''] = GROUPS
const TYPES: readonly TypeUrl[] = [TYPE_URL.cluster, TYPE_URL.listener, TYPE_URL.routeConfiguration]
const VERSIONS = 3

/** Answers every response, and keeps what it took. */
async function serve(client: AdsClient, refused: TypeUrl | undefined, signal: AbortSignal) {
  const taken = new Map<string, Buffer>()
  const stream = client.delta()
  for (const typeUrl of TYPES) stream.send(typeUrl, { subscribe: ['*'] })
  const answer = async (): Promise<void> => {
    while (!signal.aborted) {
      for (const { typeUrl, nonce, resources } of await stream.quiet(15)) {
        const isTaken = typeUrl !== refused
        stream.send(typeUrl, isTaken ? { nonce } : { nonce, error: 'I do not want it' })
        if (isTaken) for (const { name, value } of resources) taken.set(`${typeUrl} ${name}`, Buffer.from(value))
      }
    }
  }
  return { taken, ended: answer() }
}

it('takes nothing from others', async () => {
  const { pipeline, translation, server } = createControlPlane({
    imageOf: () => '',
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new PodPlacements(),
    authenticator: { authenticate: async () => ({ subject: 'a test', groups: GROUPS }) },
    credentials: ServerCredentials.createInsecure(),
  })
  for (const group of GROUPS) translation.inputs.addresses.set(group, { assigned: [{ type: 'IPAddress', value: '192.0.2.1' }] })
  const objects = gatewayObjects(await (await createAuthority()).issue({ dns: ['a.secure.example.com'] }))
  const gateways = GATEWAYS.flatMap((name) =>
    objects.flatMap((each) => (each.kind === 'Gateway' ? [{ ...each, metadata: { ...each.metadata, name } }] : [])),
  )
  const route = (i: number, version: number) =>
    routeEverywhere(i, version, `r${i}.secure.example.com`, ([first, ...rules]) => {
      const set = [{ name: 'x-marker', value: `version-${i}-${version}` }]
      return [{ ...first, filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set } }] }, ...rules]
    })
  const routes = [1, 2, 3]
  pipeline.changes([...objects, ...gateways, ...routes.flatMap((i) => [serviceObject(i), endpointsObject(i)])].map(change))
  pipeline.complete()
  const port = await server.listen('127.0.0.1', 0)
  const clients = GROUPS.map((group) => new AdsClient(port, { node: { id: group, cluster: group } }))
  const controller = new AbortController()
  const served = await Promise.all(
    clients.map((client, at) => serve(client, GROUPS[at] === OTHER ? undefined : TYPE_URL.routeConfiguration, controller.signal)),
  )
  try {
    const tables = () => [...(served[GROUPS.indexOf(OTHER)]?.taken ?? [])].filter(([key]) => key.includes('RouteConfiguration'))
    const isThere = (version: number) => (i: number) => tables().some(([, value]) => value.includes(`version-${i}-${version}`))
    for (let version = 1; version <= VERSIONS; version++) {
      pipeline.changes(routes.map((i) => change(route(i, version))))
      await eventually(() => expect(routes.filter(isThere(version))).toEqual(routes), patience(15_000))
    }
    // The one has refused all of it by now, and it stays so.
    await eventually(() => expect(server.rejected.list().some(({ by }) => by?.group === REFUSING)).toBe(true))
    await eventually(() => expect([...translation.inputs.quarantines.entries()]).toEqual([]))
    await eventually(() => expect(routes.filter(isThere(VERSIONS))).toEqual(routes))
  } finally {
    controller.abort()
    await Promise.all(served.map(({ ended }) => ended))
    for (const client of clients) client.close()
    await server.close()
  }
}, 60_000)
