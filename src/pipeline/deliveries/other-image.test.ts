/** What Envoys of one image refuse holds nothing back from those of another one, which may understand it. */
import { ServerCredentials } from '@grpc/grpc-js'
import { describe, expect, it } from '@jest/globals'
import { change, endpointsObject, gatewayObjects, policyObject, routeObject, serviceObject } from '../../../test/perf/objects.js'
import { createAuthority } from '../../../test/support/certificates.js'
import { CONTROLLER_NAME } from '../../gatewayapi/context.js'
import { PodPlacements } from '../../infra/kubernetes/pod-placements.js'
import type { KubeObject } from '../../provider/provider.js'
import { type RejectedVersion, RejectedVersions } from '../../xds/rejected-versions.js'
import { TYPE_URL } from '../../xds/resource.js'
import { allowEveryone } from '../../xds/server/authentication.js'
import { createControlPlane } from '../control-plane.js'

const GROUP = 'bench/gw'

/** A policy that Envoys of the image `old` refuse. */
function policy(): KubeObject {
  const like = policyObject(1) as KubeObject & { readonly spec: { readonly targetRefs: readonly object[] } }
  const spec = { targetRefs: like.spec.targetRefs, cors: { allowOrigins: ['https://novel.example.com'] } }
  return { ...like, kind: 'SecurityPolicy', spec } as KubeObject
}

async function world(image: string, known: readonly RejectedVersion[] = []) {
  let wanted = image
  const list = new RejectedVersions()
  for (const each of known) list.add(each)
  const { pipeline, snapshots, translation } = createControlPlane({
    rejected: list,
    imageOf: () => wanted,
    context: { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: [] },
    placements: new PodPlacements(),
    authenticator: allowEveryone(GROUP),
    credentials: ServerCredentials.createInsecure(),
  })
  const pair = await (await createAuthority()).issue({ dns: ['a.secure.example.com'] })
  translation.inputs.addresses.set(GROUP, { assigned: [{ type: 'IPAddress', value: '192.0.2.1' }] })
  pipeline.changes([...gatewayObjects(pair), routeObject(1), serviceObject(1), endpointsObject(1), policy()].map(change))
  pipeline.complete()
  await pipeline.idle()
  const novel = () => [...snapshots.resources(GROUP, TYPE_URL.routeConfiguration).values()].filter(({ value }) => value.includes('novel'))
  /** Envoys of an image take what there is, and refuse what is novel to them. */
  const refuse = async (of: string): Promise<void> => {
    const by = { group: GROUP, image: of }
    for (const table of novel().filter((each) => !list.has(each, by))) {
      const suspects = table.origins.filter(({ kind }) => kind === 'SecurityPolicy')
      const entry = { ...table, message: 'what is that', suspects, at: '', by }
      if (list.add(entry)) pipeline.rejected(entry, GROUP)
    }
    await pipeline.idle()
    pipeline.progress(GROUP, { acknowledgedRevision: snapshots.revision(GROUP), connectedProxies: 1 })
    await pipeline.idle()
  }
  return {
    list,
    novel,
    refuse,
    held: () => [...translation.inputs.quarantines.entries()].map(([object]) => object),
    replaceBy: async (next: string): Promise<void> => {
      wanted = next
      pipeline.imagesChanged(new Set([GROUP]))
      await pipeline.idle()
    },
  }
}

const HELD = ['SecurityPolicy/bench/policy-1']

describe('what Envoys of one image refuse', () => {
  it('gets its chance with another image, whatever those that are being replaced say, and not a third one', async () => {
    const on = await world('old')
    await on.refuse('old')
    expect(on.held()).toEqual(HELD)
    expect(on.novel()).toEqual([])
    await on.replaceBy('new')
    expect(on.held()).toEqual([])
    expect(on.novel()).not.toEqual([])
    const [table] = on.novel()
    expect(table && [on.list.has(table, { group: GROUP, image: 'old' }), on.list.has(table, { group: GROUP, image: 'new' })]).toEqual([
      true,
      false,
    ])
    await on.refuse('old')
    expect(on.held()).toEqual([])
    await on.refuse('new')
    expect(on.held()).toEqual(HELD)
    // As long as nobody changes anything.
    await on.replaceBy('new')
    expect(on.held()).toEqual(HELD)
  })

  it('does not stand for those that come, who are asked, and believed', async () => {
    const on = await world('new')
    await on.refuse('old')
    expect(on.held()).toEqual([])
    await on.refuse('new')
    expect(on.held()).toEqual(HELD)
  })

  it('is held back after a restart for the same image, and not for another one', async () => {
    const before = await world('old')
    await before.refuse('old')
    expect((await world('old', before.list.list())).held()).toEqual(HELD)
    expect((await world('new', before.list.list())).held()).toEqual([])
  })
})
